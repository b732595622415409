// What goes over the live connection. Types and fields that we do not know are ignored, so that the server may grow.
import type { components } from '#lib/api/api.d.ts';
import type { Change, LiveFrame } from '#lib/api/types.ts';

export type Frame = LiveFrame | components['schemas']['TopicRead'];
export type ClientFrame = components['schemas']['LiveIncoming'];

const changes: string[] = ['message', 'edited', 'deleted', 'reacted', 'pinned', 'gone'];

/** isChange tells a step in a room's history from every other frame. */
export function isChange(frame: Frame): frame is Change {
	return changes.includes(frame.type);
}
