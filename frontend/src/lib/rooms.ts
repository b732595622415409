// What a room is called, and how much of it a reader wants to hear.
import type { Message, Person, Room } from '#lib/api/types.ts';
import { language, t } from '#lib/text/text.svelte.ts';

/** personName is a person's name, or the words for somebody who has left the network. */
export const personName = (person: Pick<Person, 'name' | 'former'>) =>
	person.former ? t('common.formerMember') : person.name;

/** namesOf lists people as one says it: Anna, Bob and Carol. */
export const namesOf = (people: Pick<Person, 'name' | 'former'>[]) =>
	new Intl.ListFormat(language.locale, { type: 'conjunction' }).format(people.map(personName));

/** roomName is what a room goes by: its name, or in a conversation without one its people. */
export function roomName(room: Pick<Room, 'name' | 'people'>): string {
	return room.name || namesOf(room.people ?? []) || t('conversations.alone');
}

/** isConversation tells a conversation between people from a room of a space. */
export const isConversation = (room: Pick<Room, 'spaceId'>) => !room.spaceId;

type Wanted = Partial<Pick<Room, 'notify' | 'muted' | 'hidden' | 'left'>>;
type Counted = Pick<Room, 'unread'> & Partial<Pick<Room, 'mentions'>> & Wanted;

/** badgeOf is what is to be shown as new in a room, by what its reader wants to be told of it. */
export function badgeOf(room: Counted): { unread: number; mentions: number } {
	if (room.muted || room.hidden || room.left || room.notify === 'nothing') return { unread: 0, mentions: 0 };
	const mentions = room.mentions ?? 0;
	return { unread: room.notify === 'mentions' ? mentions : room.unread, mentions };
}

/** hasNew says whether a room has a badge. */
export const hasNew = (room: Counted) => badgeOf(room).unread > 0 || badgeOf(room).mentions > 0;

/** noticeWords says in a sentence what happened in a room. */
export function noticeWords({ author, notice }: Pick<Message, 'author' | 'notice'>): string {
	const name = personName(author);
	const people = notice?.people ?? [];
	if (notice?.kind === 'added')
		return t(notice.history === 'all' ? 'notices.addedAll' : 'notices.addedNew', { name, people: namesOf(people) });
	if (notice?.kind === 'left') {
		const self = people.every((p) => p.id === author.id);
		return self ? t('notices.left', { name }) : t('notices.removed', { name, people: namesOf(people) });
	}
	return notice?.name ? t('notices.named', { name, title: notice.name }) : t('notices.unnamed', { name });
}

/** threadPath is the address of a thread, or of one reply in it. */
export const threadPath = (room: string, thread: string, reply?: number) =>
	`rooms/${room}?thread=${thread}${reply === undefined ? '' : `&reply=${reply}`}` as const;

/** messagePath is where a message stands: in its room, or in its thread there. */
export const messagePath = ({ roomId, seq, threadId }: Message) =>
	threadId ? threadPath(roomId, threadId, seq) : (`rooms/${roomId}?at=${seq}` as const);
