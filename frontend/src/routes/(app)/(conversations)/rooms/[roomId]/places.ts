// Where somebody was in each room, so that they come back to it. Kept for as long as the tab, which a phone may discard.

/** A message, and how far its top is below that of the list, in pixels. */
export type Place = { seq: number; offset: number };

/** Where a list begins: at a place; below the line "new"; or at a message that is asked for, which gets the focus. */
export type Start = { seq: number; offset?: number; focus?: boolean };

const key = 'gh-places';
const MOST = 50;

function kept(): [string, Place][] {
	try {
		return JSON.parse(sessionStorage.getItem(key) ?? '[]') as [string, Place][];
	} catch {
		return [];
	}
}

const places = new Map(kept());

/** placeIn gives where the reader was in a room; undefined at its end. */
export const placeIn = (room: string): Place | undefined => places.get(room);

/** keepPlace remembers it, of the last fifty rooms. */
export function keepPlace(room: string, place: Place | undefined): void {
	places.delete(room);
	if (place) places.set(room, place);
	for (const oldest of [...places.keys()].slice(0, -MOST)) places.delete(oldest);
	try {
		sessionStorage.setItem(key, JSON.stringify([...places]));
	} catch {
		// Storage may be shut off by policy. It then lasts until the page is loaded anew.
	}
}
