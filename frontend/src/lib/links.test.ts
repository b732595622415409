import { expect, test } from 'vitest';
import { quoteOf, thingAt, thingsIn } from './links.ts';

const here = 'https://guildhall.example';

test('an address leads to a thing of this site, or to none', () => {
	expect(thingAt('/stories/12', here)).toBe('story:12');
	expect(thingAt(`${here}/topics/3/`, here)).toBe('topic:3');
	expect(thingAt(`${here}/people/4?x=1`, here)).toBe('person:4');
	expect(thingAt(`${here}/rooms/7?at=3#m99`, here)).toBe('message:99');
	for (const other of [
		'/rooms/7',
		'/stories/x',
		'https://elsewhere.example/stories/12',
		'mailto:a@b.example',
		'http://['
	])
		expect(thingAt(other, here), other).toBeUndefined();
});

test('the first four links of a message count once each, and calls do not', () => {
	const a = (href: string, more = '') => `<a ${more}href="${href}" rel="nofollow">x</a>`;
	const html = [a('/people/1', 'class="mention" '), ...[1, 2, 2, 3, 4, 5].map((n) => a(`/stories/${n}`))].join(' ');
	expect(thingsIn(html, here)).toEqual(['story:1', 'story:2', 'story:3', 'story:4']);
	expect(thingsIn(a('/rooms/1?at=2&amp;x=1#m5'), here)).toEqual(['message:5']);
});

test('a quotation says who said it', () => {
	expect(quoteOf('One\n\nTwo\n', 'Ann [A]', '/rooms/1')).toBe('> One\n>\n> Two\n>\n> — [Ann \\[A\\]](/rooms/1)\n\n');
});
