import { expect, test } from 'vitest';
import { callsMe } from './mentions.ts';

// As the server writes them: markup/mentions_test.go.
test.each([
	['<p><a href="/people/12" class="mention" rel="nofollow noreferrer">@Ruth</a></p>', true],
	['<p><a href="/people/12" rel="nofollow noreferrer">Ruth</a></p>', false],
	['<p><a href="/people/123" class="mention" rel="nofollow noreferrer">@Ann</a></p>', false],
	['<p><strong class="mention">@room</strong>!</p>', true],
	['<p><strong>@room</strong></p>', false]
])('%s calls 12: %s', (html, calls) => expect(callsMe(html, '12')).toBe(calls));
