import { expect, test } from 'vitest';
import type { Message } from '#lib/api/types.ts';
import { badgeOf, noticeWords, roomName } from './rooms.ts';

const person = (id: string, name: string) =>
	({ id, name, job: '', organisation: '', organisationId: null, former: false }) as Message['author'];

test('a conversation without a name goes by its people', () => {
	expect(roomName({ name: '', people: [person('1', 'Anna'), person('2', 'Bob'), person('3', 'Carol')] })).toBe(
		'Anna, Bob and Carol'
	);
	expect(roomName({ name: 'Budget', people: [] })).toBe('Budget');
});

test.each([
	[{}, 5, 1],
	[{ notify: 'mentions' as const }, 1, 1],
	[{ notify: 'nothing' as const }, 0, 0],
	[{ muted: true }, 0, 0],
	[{ hidden: true }, 0, 0]
])('the badge of a room wanted as %j', (wanted, unread, mentions) => {
	expect(badgeOf({ unread: 5, mentions: 1, ...wanted })).toEqual({ unread, mentions });
});

test('what happened is told to everybody', () => {
	const author = person('1', 'Anna');
	const said = (notice: Message['notice']) => noticeWords({ author, notice });
	expect(said({ kind: 'added', history: 'all', people: [person('2', 'Bob')] })).toBe(
		'Anna added Bob, with everything that Anna sees of what was said before.'
	);
	expect(said({ kind: 'added', history: 'new', people: [person('2', 'Bob')] })).toBe(
		'Anna added Bob, with what is said from now on.'
	);
	expect(said({ kind: 'left', people: [author] })).toBe('Anna left.');
	expect(said({ kind: 'left', people: [person('2', 'Bob')] })).toBe('Anna removed Bob.');
	expect(said({ kind: 'named', name: 'Budget' })).toBe('Anna named this conversation “Budget”.');
});
