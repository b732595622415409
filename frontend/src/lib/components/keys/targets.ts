// Where the quick switcher can lead, and in what order: what is new first, then where one has been lately.
import type { Person, Room, Space } from '#lib/api/types.ts';
import { jobOf } from '#lib/people.ts';
import { hasNew, isConversation, personName, roomName } from '#lib/rooms.ts';

export type Target = {
	path: string;
	kind: 'room' | 'conversation' | 'space' | 'person';
	name: string;
	/** What tells it from others of its name. */
	detail: string;
	room?: Room;
};

export const roomTarget = (room: Room): Target => ({
	path: `rooms/${room.id}`,
	kind: isConversation(room) ? 'conversation' : 'room',
	name: roomName(room),
	detail: isConversation(room) ? '' : room.spaceName,
	room
});
export const spaceTarget = ({ id, name }: Space): Target => ({
	path: `spaces/${id}`,
	kind: 'space',
	name,
	detail: ''
});
export const personTarget = (person: Person): Target => ({
	path: `people/${person.id}`,
	kind: 'person',
	name: personName(person),
	detail: jobOf(person)
});

/** plain takes away what letters are searched without: capitals, accents. */
const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** fit says how well a name fits what was typed: 0 is best, undefined is not at all. Each word must begin one of the name's. */
function fit(name: string, letters: string): number | undefined {
	const [whole, wanted] = [plain(name), plain(letters).trim()];
	if (whole.startsWith(wanted)) return 0;
	const words = whole.split(/[^\p{L}\p{N}]+/u);
	if (wanted.split(/\s+/).every((w) => words.some((word) => word.startsWith(w)))) return 1;
	return whole.includes(wanted) ? 2 : undefined;
}

/** sorted gives what fits the letters, in order. Recent are the paths where one has been, the last first. */
export function sorted(targets: Target[], letters: string, recent: string[]): Target[] {
	const rank = (target: Target) => {
		const been = recent.indexOf(target.path);
		return {
			target,
			keys: [
				fit(target.name, letters) ?? fit(`${target.name} ${target.detail}`, letters) ?? Infinity,
				target.room && hasNew(target.room) ? 0 : 1,
				been < 0 ? Infinity : been,
				-Date.parse(target.room?.lastAt ?? '1970-01-01')
			]
		};
	};
	const compare = (a: number[], b: number[]) => {
		const at = a.findIndex((key, i) => key !== b[i]);
		return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1;
	};
	return targets
		.map(rank)
		.filter(({ keys }) => keys[0] !== Infinity)
		.sort((a, b) => compare(a.keys, b.keys))
		.map(({ target }) => target);
}

/** neighbour gives the room before or after another in a list, going round. */
export function neighbour(
	rooms: Room[],
	current: string | undefined,
	step: 1 | -1,
	onlyNew: boolean
): Room | undefined {
	const at = rooms.findIndex((r) => r.id === current);
	const start = at < 0 && step < 0 ? 0 : at;
	for (let i = 1; i <= rooms.length; i++) {
		const room = rooms[(((start + i * step) % rooms.length) + rooms.length) % rooms.length]!;
		if (room.id !== current && (!onlyNew || hasNew(room))) return room;
	}
	return undefined;
}
