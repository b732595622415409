import { expect, test } from 'vitest';
import type { Message, Reaction } from '#lib/api/types.ts';
import { isMine, keepMine } from './reactions.ts';

const heart = (more: Partial<Reaction>) => ({ name: 'heart', count: 1, people: [], ...more }) as Reaction;
const message = (reaction: Reaction) => ({ id: '1', reactions: [reaction] }) as unknown as Message;

test('mine is what the server says, or whom it names', () => {
	expect(isMine(undefined, '1')).toBe(false);
	expect(isMine(heart({ people: [{ id: '1', name: 'A' }] }), '1')).toBe(true);
	expect(isMine(heart({ mine: false, people: [{ id: '1', name: 'A' }] }), '1')).toBe(false);
});

test('a live frame with more people than it names keeps what was known', () => {
	const before = message(heart({ count: 31, mine: true }));
	expect(keepMine(before, message(heart({ count: 32 }))).reactions![0]!.mine).toBe(true);
	expect(keepMine(before, message(heart({ count: 32, mine: false }))).reactions![0]!.mine).toBe(false);
	const named = message(heart({ count: 1, people: [{ id: '2', name: 'B' }] }));
	expect(keepMine(before, named)).toBe(named);
});
