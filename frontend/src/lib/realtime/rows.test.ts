import { expect, test } from 'vitest';
import type { Message } from '#lib/api/types.ts';
import { grewAtTop, rowsOf } from './rows.ts';

const by = (author: string, seq: number, at: string, more: Partial<Message> = {}) =>
	({
		id: `m${seq}`,
		seq,
		clientId: `c${seq}`,
		author: { id: author },
		createdAt: at,
		deletedAt: null,
		...more
	}) as Message;
const given = { waiting: [], hasBefore: true, me: 'me', zone: 'Europe/London' };
const kinds = (rows: ReturnType<typeof rowsOf>) => rows.map((r) => ('opens' in r && r.opens ? `${r.kind}+` : r.kind));

test('one author within five minutes stands under one name', () => {
	const messages = [
		by('a', 1, '2026-03-12T10:00:00Z'),
		by('a', 2, '2026-03-12T10:04:59Z'),
		by('a', 3, '2026-03-12T10:11:00Z'),
		by('b', 4, '2026-03-12T10:11:10Z')
	];
	expect(kinds(rowsOf({ ...given, messages }))).toEqual(['day', 'message+', 'message', 'message+', 'message+']);
});

test('a new day, by the reader’s clock, parts and heads what follows', () => {
	const messages = [by('a', 1, '2026-07-12T22:59:00Z'), by('a', 2, '2026-07-12T23:01:00Z')];
	expect(kinds(rowsOf({ ...given, messages }))).toEqual(['day', 'message+', 'day', 'message+']);
});

test('the line stands above the first message that is new, once', () => {
	const messages = [1, 2, 3].map((n) => by('a', n, '2026-03-12T10:00:00Z'));
	expect(kinds(rowsOf({ ...given, messages, newFrom: 2 }))).toEqual(['day', 'message+', 'new', 'message+', 'message']);
	expect(kinds(rowsOf({ ...given, messages, newFrom: 9 }))).not.toContain('new');
});

test('a deleted message stands alone', () => {
	const messages = [
		by('a', 1, '2026-03-12T10:00:00Z'),
		by('a', 2, '2026-03-12T10:00:01Z', { deletedAt: '2026-03-12T11:00:00Z' }),
		by('a', 3, '2026-03-12T10:00:02Z')
	];
	expect(kinds(rowsOf({ ...given, messages }))).toEqual(['day', 'message+', 'message+', 'message+']);
});

test('what waits stands at the end, and not beside what the server has of it', () => {
	const waiting = [1, 2].map((n) => ({
		clientId: `c${n}`,
		room: '9',
		body: 'x',
		at: Date.parse('2026-03-12T10:01:00Z')
	}));
	const rows = rowsOf({ ...given, messages: [by('me', 1, '2026-03-12T10:00:00Z')], waiting });
	expect(rows.map((r) => r.key)).toEqual(['day-1', 'mine-c1', 'mine-c2']);
	expect(kinds(rows).at(-1)).toBe('waiting');
});

test('somebody else’s clientId cannot clash with mine', () => {
	const same = { clientId: 'same' };
	const messages = [by('me', 1, '2026-03-12T10:00:00Z', same), by('x', 2, '2026-03-12T10:00:00Z', same)];
	const keys = rowsOf({ ...given, messages }).map((r) => r.key);
	expect(new Set(keys).size).toBe(keys.length);
});

test('the beginning is named only where it is shown', () => {
	expect(kinds(rowsOf({ ...given, messages: [], hasBefore: false }))).toEqual(['beginning']);
});

test('growing at the top is told from growing at the end and from losing the first', () => {
	const rows = (...seqs: number[]) =>
		rowsOf({ ...given, messages: seqs.map((n) => by('a', n, '2026-03-12T10:00:00Z')), newFrom: seqs[1] });
	expect(grewAtTop(rows(3, 4), rows(1, 2, 3, 4))).toBe(true);
	expect(grewAtTop(rows(3, 4), rows(3, 4, 5))).toBe(false);
	expect(grewAtTop(rows(3, 4), rows(4))).toBe(false);
	expect(grewAtTop(rows(), rows(1))).toBe(false);
	expect(grewAtTop(rows(3, 4), rows(8, 9))).toBe(false);
});
