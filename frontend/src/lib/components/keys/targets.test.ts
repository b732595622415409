import { expect, test } from 'vitest';
import type { Room } from '#lib/api/types.ts';
import { neighbour, roomTarget, sorted } from './targets.ts';

const room = (id: string, name: string, more: Partial<Room> = {}) =>
	({ id, name, spaceId: '1', spaceName: 'Cohort 7', unread: 0, mentions: 0, lastAt: null, ...more }) as Room;
const rooms = [
	room('1', 'Housing repairs', { lastAt: '2026-03-01T10:00:00Z' }),
	room('2', 'Adult social care', { unread: 2 }),
	room('3', 'Siân’s corner', { lastAt: '2026-03-02T10:00:00Z' }),
	room('4', 'Repairs and homes')
];
const names = (letters: string, recent: string[] = []) =>
	sorted(rooms.map(roomTarget), letters, recent).map((t) => t.path.slice('rooms/'.length));

test('without letters: what is new, then where one has been, then where was spoken last', () => {
	expect(names('', ['rooms/4'])).toEqual(['2', '4', '3', '1']);
});

test('letters: the beginning of a name, then of its words, then anywhere', () => {
	expect(names('rep')).toEqual(['4', '1']);
	expect(names('soc ad')).toEqual(['2']);
	expect(names('sian')).toEqual(['3']);
	expect(names('pairs')).toEqual(['1', '4']);
	expect(names('cohort hous')).toEqual(['1']);
	expect(names('zzz')).toEqual([]);
});

test('the rooms before and after go round, and can be only those with something new', () => {
	expect(neighbour(rooms, '1', 1, false)?.id).toBe('2');
	expect(neighbour(rooms, '1', -1, false)?.id).toBe('4');
	expect(neighbour(rooms, '4', 1, false)?.id).toBe('1');
	expect(neighbour(rooms, undefined, 1, false)?.id).toBe('1');
	expect(neighbour(rooms, undefined, -1, false)?.id).toBe('4');
	expect(neighbour(rooms, '3', 1, true)?.id).toBe('2');
	expect(neighbour(rooms, '2', 1, true)).toBeUndefined();
	expect(neighbour([], '2', 1, false)).toBeUndefined();
});
