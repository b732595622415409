// What is fetched by more than one page, under the name by which it is kept and thrown away.
import type { QueryClient } from '@tanstack/svelte-query';
import { getSpace, listNewTopics, listRooms, listServiceAreas, listSpaces, listTopics } from '#lib/api/endpoints.ts';
import type { Change, Page, ReadMark, Room } from '#lib/api/types.ts';
import { callsMe } from '#lib/mentions.ts';

export const spacesQuery = () => ({ queryKey: ['spaces'], queryFn: listSpaces });
export const spaceQuery = (id: string) => ({ queryKey: ['spaces', id], queryFn: () => getSpace(id) });
export const roomsQuery = () => ({ queryKey: ['rooms'], queryFn: listRooms });
export const newTopicsQuery = () => ({ queryKey: ['topics', 'unread'], queryFn: listNewTopics });
export const topicsQuery = (space: string) => ({ queryKey: ['topics', space], queryFn: () => listTopics(space) });
export const serviceAreasQuery = () => ({
	queryKey: ['service-areas'],
	queryFn: listServiceAreas,
	staleTime: Infinity
});

/** settled says whether each of some queries has been answered, well or badly, or cannot be asked just now. */
export const settled = (...queries: { isPending: boolean; fetchStatus: string }[]) =>
	queries.every((q) => !q.isPending || q.fetchStatus === 'paused');

/**
 * setArrived counts a message in the list of rooms, without asking the server. It tells whether that list knew how far
 * the room was; else it must be asked for again.
 */
export function setArrived(client: QueryClient, { type, room, seq, message }: Change, me: string): boolean {
	const known = client.getQueryData<Page<Room>>(['rooms'])?.items.find((r) => r.id === room);
	if (!known || seq > known.head + 1) return false;
	if (seq <= known.head) return true; // counted before
	const theirs = type === 'message' && message?.author.id !== me;
	const now = {
		...known,
		head: seq,
		lastAt: (type === 'message' && message?.createdAt) || known.lastAt,
		unread: Math.min(100, known.unread + (theirs ? 1 : 0)),
		mentions: Math.min(100, known.mentions + (theirs && callsMe(message?.html ?? '', me) ? 1 : 0))
	};
	client.setQueryData<Page<Room>>(
		['rooms'],
		(rooms) => rooms && { ...rooms, items: rooms.items.map((r) => (r.id === room ? now : r)) }
	);
	return true;
}

/** setRead puts a room's new counts in every list on the screen, without asking the server again. */
export function setRead(client: QueryClient, { room, lastReadSeq, unread, mentions }: ReadMark): void {
	client.setQueryData<Page<Room>>(
		['rooms'],
		(rooms) =>
			rooms && {
				...rooms,
				items: rooms.items.map((r) => (r.id === room ? { ...r, lastReadSeq, unread, mentions } : r))
			}
	);
}
