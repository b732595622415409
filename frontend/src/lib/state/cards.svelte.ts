// Cards of things that messages link to, asked for many at a time, as the reader may see them now.
import { SvelteMap } from 'svelte/reactivity';
import { listCards } from '#lib/api/endpoints.ts';
import type { Card } from '#lib/api/types.ts';

/** So many are asked for at once. */
const BATCH = 50;
/** After this long a card is asked for again when it comes into sight: it may have changed, or gone. */
const FRESH = 60_000;

class Cards {
	#known = new SvelteMap<string, Card | null>();
	// Nothing on the screen depends on these two.
	#asked = new Map<string, number>();
	#queue: string[] = [];

	/** of gives a card, null where there is nothing that the reader may see, and undefined while it is not known. */
	of = (thing: string): Card | null | undefined => this.#known.get(thing);

	/** want sees to it that these are known soon. */
	want(things: string[]): void {
		const now = Date.now();
		const due = things.filter((thing) => now - (this.#asked.get(thing) ?? -FRESH) >= FRESH);
		if (due.length === 0) return;
		for (const thing of due) this.#asked.set(thing, now);
		if (this.#queue.length === 0) setTimeout(() => void this.#ask(), 20);
		this.#queue.push(...due);
	}

	/** forget drops all of them: somebody else may be sitting here. */
	forget(): void {
		this.#known.clear();
		this.#asked.clear();
	}

	async #ask(): Promise<void> {
		const all = this.#queue;
		this.#queue = [];
		for (let i = 0; i < all.length; i += BATCH) {
			const things = all.slice(i, i + BATCH);
			try {
				const { items } = await listCards(things);
				for (const thing of things) {
					this.#known.set(thing, items.find((card) => `${card.kind}:${card.id}` === thing) ?? null);
				}
			} catch {
				for (const thing of things) this.#asked.delete(thing); // asked again when it next comes into sight
			}
		}
	}
}

export const cards = new Cards();
