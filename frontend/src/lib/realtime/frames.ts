// What goes over the live connection. Types and fields that are not listed here are ignored, so that the server may grow.
import type { Change } from '#lib/api/types.ts';

export type Frame =
	| Change
	| { type: 'hello'; heartbeat?: number; session?: string }
	| { type: 'subscribed'; room?: string; space?: string; head?: number; reload?: boolean }
	| { type: 'refused'; room?: string; space?: string }
	| { type: 'heartbeat'; heads?: Record<string, number> }
	| { type: 'read'; room: string; lastReadSeq: number; unread: number }
	| { type: 'topic'; kind: string; space: string; topic: string; number: number; posts: number; author: string }
	| { type: 'topic-read'; space: string; topic: string; lastReadNumber: number; unread: number }
	| { type: 'reconnect'; afterMs?: number }
	| { type: 'access' }
	/** Something in the space other than a topic: a room was made, the dates moved. */
	| { type: 'space'; space: string };

export type ClientFrame =
	| { type: 'subscribe'; room: string; after?: number }
	| { type: 'subscribe'; space: string }
	| { type: 'unsubscribe'; room: string }
	| { type: 'unsubscribe'; space: string }
	| { type: 'pong' };

const changes = ['message', 'edited', 'deleted', 'gone'];

/** isChange tells a step in a room's history from every other frame. */
export function isChange(frame: Frame): frame is Change {
	return changes.includes(frame.type);
}
