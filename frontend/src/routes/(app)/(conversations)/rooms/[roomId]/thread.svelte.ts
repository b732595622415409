// Where threads are, and how they were asked for.
import { MediaQuery } from 'svelte/reactivity';
import type { Message } from '#lib/api/types.ts';

/** On a wide screen a thread stands beside its room, on others in its place. */
export const wide = new MediaQuery('width >= 64rem', true);

/** threadPath is the address of a thread, or of one reply in it. */
export const threadPath = (room: string, thread: string, reply?: number) =>
	`rooms/${room}?thread=${thread}${reply === undefined ? '' : `&reply=${reply}`}` as const;

/** messagePath is where a message stands: in its room, or in its thread there. */
export const messagePath = ({ roomId, seq, threadId }: Message) =>
	threadId ? threadPath(roomId, threadId, seq) : (`rooms/${roomId}?at=${seq}` as const);

/** Whether the thread that opens next was asked for in order to write in it. */
export const asked = { write: false };
