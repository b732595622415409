// Who is writing in one room just now, and how often we say so of ourselves.
import type { components } from '#lib/api/api.d.ts';

type Typing = components['schemas']['Typing'];

/** Somebody counts as writing for so long after the last word of it, in milliseconds. */
export const SHOWN = 6000;
/** The server passes on one word of it in so many milliseconds, and so we say no more. */
export const EVERY = 2000;

/** Writers holds the people who are writing in a room, whoever began first at the front. */
export class Writers {
	people = $state.raw<{ person: string; name: string }[]>([]);
	#timers: Record<string, ReturnType<typeof setTimeout> | undefined> = {};

	heard({ person, name }: Pick<Typing, 'person' | 'name'>): void {
		clearTimeout(this.#timers[person]);
		this.#timers[person] = setTimeout(() => this.done(person), SHOWN);
		if (!this.people.some((p) => p.person === person)) this.people = [...this.people, { person, name }];
	}

	/** done takes somebody away: their message has come. */
	done(person: string): void {
		clearTimeout(this.#timers[person]);
		delete this.#timers[person];
		this.people = this.people.filter((p) => p.person !== person);
	}

	close(): void {
		for (const timer of Object.values(this.#timers)) clearTimeout(timer);
	}
}

/** saying calls `say` at most once in EVERY, however often it is asked to. */
export function saying(say: () => void): () => void {
	let last = -Infinity;
	return () => {
		const now = performance.now();
		if (now - last < EVERY) return;
		last = now;
		say();
	};
}
