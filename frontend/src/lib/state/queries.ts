// What is fetched by more than one page, under the name by which it is kept and thrown away.
import type { QueryClient } from '@tanstack/svelte-query';
import {
	getSpace,
	listConversations,
	listNewTopics,
	listRooms,
	listScheduled,
	listServiceAreas,
	listSpaces,
	listThreads,
	listTopics
} from '#lib/api/endpoints.ts';
import type { Change, Page, ReadMark, Room } from '#lib/api/types.ts';
import { callsMe } from '#lib/mentions.ts';

export const spacesQuery = () => ({ queryKey: ['spaces'], queryFn: listSpaces });
export const spaceQuery = (id: string) => ({ queryKey: ['spaces', id], queryFn: () => getSpace(id) });
export const roomsQuery = () => ({ queryKey: ['rooms'], queryFn: listRooms });
/** Those that are hidden too, for they come back when something is said; the last spoken in first. */
export const conversationsQuery = () => ({
	queryKey: ['conversations'],
	queryFn: listConversations,
	select: ({ items }: Page<Room>) => ({
		items: items.toSorted((a, b) => (b.lastAt ?? '9').localeCompare(a.lastAt ?? '9'))
	})
});
/** My messages that are sent later, or could not be. */
export const scheduledQuery = () => ({ queryKey: ['scheduled'], queryFn: listScheduled });
/** Those that I follow, those with something new first. */
export const threadsQuery = () => ({ queryKey: ['threads'], queryFn: listThreads });
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

/** Where rooms are kept: those of spaces, and conversations. */
const lists = [['rooms'], ['conversations']];

/** known gives a room as the lists have it. */
const known = (client: QueryClient, room: string) =>
	lists.flatMap((queryKey) => client.getQueryData<Page<Room>>(queryKey)?.items ?? []).find((r) => r.id === room);

/** change puts what is new of a room into the list that has it. */
function change(client: QueryClient, room: string, now: Partial<Room>): void {
	for (const queryKey of lists)
		client.setQueryData<Page<Room>>(
			queryKey,
			(rooms) => rooms && { ...rooms, items: rooms.items.map((r) => (r.id === room ? { ...r, ...now } : r)) }
		);
}

/** behind says whether a room has got further than the lists know. */
export const behind = (client: QueryClient, room: string, head: number) => (known(client, room)?.head ?? head) < head;

/**
 * setArrived counts a message in the list of rooms, without asking the server. It tells whether that list knew how far
 * the room was; else it must be asked for again.
 */
export function setArrived(client: QueryClient, { type, room, seq, message }: Change, me: string): boolean {
	const was = known(client, room);
	if (!was || seq > was.head + 1) return false;
	if (seq <= was.head) return true; // counted before
	const spoken = type === 'message' && !message?.notice;
	const said = spoken && !message?.threadId;
	const theirs = said && message?.author.id !== me;
	change(client, room, {
		head: seq,
		hidden: was.hidden && !spoken,
		lastAt: (type === 'message' && message?.createdAt) || was.lastAt,
		unread: Math.min(100, was.unread + (theirs ? 1 : 0)),
		mentions: Math.min(100, was.mentions + (theirs && callsMe(message?.html ?? '', me) ? 1 : 0))
	});
	return true;
}

/** setRead puts a room's new counts in every list on the screen, without asking the server again. */
export function setRead(client: QueryClient, { room, lastReadSeq, unread, mentions }: ReadMark): void {
	change(client, room, { lastReadSeq, unread, mentions });
}
