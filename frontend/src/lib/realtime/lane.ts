// Work that is done piece after piece, by one tab at a time, and tried again after a while where a piece could not be done.
import { backoff } from './backoff.ts';

/** What became of one piece: there was none, it is done, or it is to be tried again after so many milliseconds at least. */
export type Outcome = 'nothing' | 'done' | { wait: number };

/** alone does something while no other tab does it. Where browsers have no locks, as without https, it is just done. */
export const alone = <A>(name: string, act: () => Promise<A>): Promise<A> =>
	navigator.locks ? navigator.locks.request(name, act) : act();

/** ifNobody does something unless somebody is at it right now, in whatever tab. It tells whether it was done. */
export async function ifNobody(name: string, act: () => Promise<void>): Promise<boolean> {
	if (!navigator.locks) return act().then(() => true);
	return navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
		if (lock) await act();
		return lock !== null;
	});
}

export class Lane {
	#name: string;
	#piece: () => Promise<Outcome>;
	#running: Promise<void> | undefined;
	#again = false;
	#failures = 0;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#stopped = false;

	constructor(name: string, piece: () => Promise<Outcome>) {
		this.#name = name;
		this.#piece = piece;
	}

	/** run does all there is. Calls while it runs make it look once more. */
	run(): Promise<void> {
		if (this.#stopped) return Promise.resolve();
		this.#again = true;
		clearTimeout(this.#retry);
		this.#running ??= this.#go().finally(() => (this.#running = undefined));
		return this.#running;
	}

	/** soon makes the next pause after a failure short again. */
	soon(): void {
		this.#failures = 0;
	}

	/** stop ends after the piece that is being done, if any. */
	async stop(): Promise<void> {
		this.#stopped = true;
		clearTimeout(this.#retry);
		await this.#running;
	}

	async #go(): Promise<void> {
		while (this.#again && !this.#stopped) {
			this.#again = false;
			const outcome = await alone(this.#name, this.#piece).catch(() => ({ wait: 0 }));
			if (outcome === 'done') {
				this.#failures = 0;
				this.#again = true;
			} else if (outcome !== 'nothing') return this.#later(outcome.wait);
		}
	}

	#later(atLeast: number): void {
		if (this.#stopped) return;
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => void this.run(), Math.max(atLeast, backoff(this.#failures++)));
	}
}
