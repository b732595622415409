import { QueryClient } from '@tanstack/svelte-query';
import { expect, test } from 'vitest';
import type { Change, Room } from '#lib/api/types.ts';
import { behind, setArrived } from './queries.ts';

const change = (seq: number, author: string, type: Change['type'] = 'message') =>
	({ type, room: '9', seq, message: { author: { id: author }, createdAt: `2026-03-12T10:00:0${seq}.000Z` } }) as Change;

test('messages are counted once, others’ only, up to a hundred; a gap is told', () => {
	const client = new QueryClient();
	const put = (more: Partial<Room>) =>
		client.setQueryData(['rooms'], { items: [{ id: '9', head: 4, unread: 1, mentions: 0, lastAt: null, ...more }] });
	const room = () => client.getQueryData<{ items: Room[] }>(['rooms'])!.items[0]!;
	expect(setArrived(client, change(1, 'other'), 'me')).toBe(false); // no list yet

	put({});
	expect(setArrived(client, change(5, 'other'), 'me')).toBe(true);
	expect(setArrived(client, change(5, 'other'), 'me')).toBe(true); // again
	expect(room()).toMatchObject({ head: 5, unread: 2, lastAt: '2026-03-12T10:00:05.000Z' });
	expect(setArrived(client, change(6, 'me'), 'me')).toBe(true);
	expect(setArrived(client, change(7, 'other', 'edited'), 'me')).toBe(true);
	expect(room()).toMatchObject({ head: 7, unread: 2, lastAt: '2026-03-12T10:00:06.000Z' });
	expect(setArrived(client, change(9, 'other'), 'me')).toBe(false);
	expect(room()).toMatchObject({ head: 7, unread: 2 });

	put({ hidden: true });
	setArrived(client, change(5, 'other', 'reacted'), 'me');
	expect(room().hidden).toBe(true);
	setArrived(client, change(6, 'other'), 'me');
	expect(room().hidden).toBe(false);

	put({ unread: 100 });
	setArrived(client, change(5, 'other'), 'me');
	expect(room().unread).toBe(100);
});

test('a head further than the lists know is told, of rooms that they know', () => {
	const client = new QueryClient();
	client.setQueryData(['rooms'], { items: [{ id: '9', head: 4 }] });
	client.setQueryData(['conversations'], { items: [{ id: '8', head: 2 }] });
	expect([behind(client, '9', 4), behind(client, '9', 5), behind(client, '8', 3), behind(client, '7', 3)]).toEqual([
		false,
		true,
		true,
		false
	]);
});
