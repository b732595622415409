// Who is there, as the server tells it, and our own sign of life.
import { SvelteMap } from 'svelte/reactivity';
import type { components } from '#lib/api/api.d.ts';
import { live } from './live.svelte.ts';

/** Nobody has touched anything for so long: away. */
const AWAY_AFTER = 5 * 60_000;

type Told = components['schemas']['Presence'];
type State = 'here' | 'away';

class Presence {
	/** By space, then by person. Who is not in it is not there. */
	#spaces = new SvelteMap<string, SvelteMap<string, State>>();

	/** Whether the server tells us just now. Without it nobody is shown as here. */
	get known(): boolean {
		return live.online && live.state === 'live';
	}

	of(space: string, person: string): State | undefined {
		return this.known ? this.#spaces.get(space)?.get(person) : undefined;
	}

	/** anywhere says whether somebody is there, in whatever space we share. */
	anywhere(person: string): State | undefined {
		const states = [...this.#spaces.keys()].map((space) => this.of(space, person));
		return states.find((state) => state === 'here') ?? states.find(Boolean);
	}

	/** start tells the server that we are there until it is stopped. */
	start(): () => void {
		const stop = new AbortController();
		const { signal } = stop;
		let touched = Date.now();
		let away = false;
		const tell = () => {
			away = Date.now() - touched > AWAY_AFTER;
			live.presence(away);
		};
		const touch = () => {
			touched = Date.now();
			if (away) tell();
		};
		for (const event of ['pointerdown', 'pointermove', 'keydown', 'scroll'] as const)
			addEventListener(event, touch, { signal, passive: true, capture: true });
		// The server's heartbeat sets the pace: a timer of ours would be slowed down in a tab that is not in front.
		const unlisten = live.listen((frame) => {
			if (frame.type === 'hello' || frame.type === 'heartbeat') tell();
			else if (frame.type === 'presence') this.#take(frame);
		});
		return () => {
			stop.abort();
			unlisten();
			this.#spaces.clear();
		};
	}

	#take(frame: Told): void {
		let people = this.#spaces.get(frame.space);
		if (!people || frame.whole) this.#spaces.set(frame.space, (people = new SvelteMap()));
		for (const { person, state } of frame.people) {
			if (state === 'gone') people.delete(person);
			else people.set(person, state);
		}
	}
}

export const presence = new Presence();
