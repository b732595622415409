import { beforeEach, expect, test, vi } from 'vitest';
import type { Message } from '#lib/api/types.ts';
import { Reading } from './reading.svelte.ts';

let asked: string[];
let broken: boolean;
let answer: () => Promise<void>;
const word = (kind: string) => async (seq: number) => {
	await answer();
	if (broken) throw new Error('no answer');
	asked.push(`${kind} ${seq}`);
	return { type: 'read' as const, room: '9', lastReadSeq: seq, unread: 0, mentions: 0 };
};
const server = { read: word('read'), unread: word('unread'), kept: () => {} };
const open = (lastReadSeq: number, unread: number, head = 20) => new Reading({ lastReadSeq, unread, head }, server);
const by = (author: string, seq: number) => ({ seq, author: { id: author }, deletedAt: null }) as Message;
const settle = () => vi.advanceTimersByTimeAsync(1000);

beforeEach(() => {
	asked = [];
	broken = false;
	answer = async () => {};
	vi.useFakeTimers();
});

test('what is seen is told once it has come to rest, and never backwards', async () => {
	const reading = open(3, 5);
	[4, 6, 5].forEach((seq) => reading.seen(seq));
	await settle();
	reading.seen(5);
	await settle();
	expect(asked).toEqual(['read 6']);
});

test('what the server did not hear is told again', async () => {
	const reading = open(3, 5);
	broken = true;
	reading.seen(4);
	await settle();
	broken = false;
	reading.seen(4);
	await settle();
	expect(asked).toEqual(['read 4']);
});

test('what the server did not hear is told when the line is up again, once', async () => {
	const reading = open(3, 5);
	broken = true;
	reading.seen(4);
	await settle();
	broken = false;
	reading.again();
	await settle();
	reading.again();
	await settle();
	expect(asked).toEqual(['read 4']);
});

test('marked as unread it stays so, whatever is on the screen and whatever was on its way', async () => {
	const reading = open(3, 5);
	let go = () => {};
	answer = () => new Promise((resolve) => (go = resolve));
	reading.seen(8);
	await settle(); // on its way, and slow
	reading.seen(9);
	const marking = reading.unreadFrom(5);
	go();
	answer = async () => {};
	await settle();
	await marking;
	reading.seen(12);
	await settle();
	expect(asked).toEqual(['read 8', 'unread 5']);
	expect(reading.newAfter).toBe(4);
});

test('marked as unread on another device it stays so on this one', async () => {
	const reading = open(9, 0);
	reading.heard({});
	reading.seen(12);
	await settle();
	reading.heard({ lowered: true });
	reading.seen(15);
	await settle();
	expect(asked).toEqual(['read 12']);
});

test('what is below: what was new on opening and what came since, as far as the reader has not come to it', () => {
	const reading = open(10, 4);
	const messages = [by('a', 10), by('a', 11), by('me', 12), by('b', 13), by('a', 14), by('a', 15)];
	expect(reading.below(messages, 'me')).toBe(4);
	reading.passed = 13;
	expect(reading.below(messages, 'me')).toBe(2);
	reading.arrived(21);
	expect(reading.below(messages, 'me')).toBe(3);
	reading.atEnd();
	expect(reading.below(messages, 'me')).toBe(0);
	reading.arrived(22);
	expect(reading.below(messages, 'me')).toBe(1);
	expect(open(0, 100).below([], 'me')).toBe(100);
});

test('a link past what is new marks none of it as read', async () => {
	const reading = open(3, 12);
	reading.skip(3);
	expect(reading.skipped).toBe(false);
	reading.skip(15);
	reading.passed = 16;
	expect(
		reading.below(
			[14, 15, 16, 17].map((n) => by('a', n)),
			'me'
		)
	).toBe(1);
	reading.seen(16);
	await settle();
	reading.skipped = false;
	reading.seen(16);
	await settle();
	expect(asked).toEqual(['read 16']);
});

test('what was read in the last moment is told on leaving', async () => {
	const reading = open(3, 5);
	reading.seen(8);
	reading.close();
	await settle();
	expect(asked).toEqual(['read 8']);
});
