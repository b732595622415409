// What has come since the lists were last looked at, by what the reader wants to hear of each room.
import type { Room } from '#lib/api/types.ts';
import { badgeOf, isConversation } from '#lib/rooms.ts';

/** How far each room was, and what its badge said. */
export type Seen = ReadonlyMap<string, { head: number; unread: number }>;

/** seenNow remembers rooms as they are. */
export const seenNow = (rooms: Room[]): Seen =>
	new Map(rooms.map((room) => [room.id, { head: room.head, unread: badgeOf(room).unread }]));

/**
 * arrived gives the rooms in which something has come that is to be told. A conversation that was not there before was
 * begun with the reader; a room that was not there before came with the space they joined, and is no news.
 */
export function arrived(before: Seen, rooms: Room[]): Room[] {
	return rooms.filter((room) => {
		const was = before.get(room.id) ?? (isConversation(room) ? { head: 0, unread: 0 } : undefined);
		return was && room.head > was.head && badgeOf(room).unread > was.unread;
	});
}
