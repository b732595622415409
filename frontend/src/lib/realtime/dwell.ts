// Which messages somebody has looked at: each was in sight for long enough, without a break.

/** How long a message has to be in sight to count as read, in milliseconds. */
export const ENOUGH = 1000;

export class Dwell {
	#since = new Map<number, number>();

	/**
	 * look is told the numbers of the messages that are in sight now. It gives the highest that has been for long enough,
	 * and after how many milliseconds the next will have been.
	 */
	look(inSight: number[], now: number): { seen?: number; again?: number } {
		const since = new Map(inSight.map((seq) => [seq, this.#since.get(seq) ?? now]));
		this.#since = since;
		const due = [...since].filter(([, at]) => now - at >= ENOUGH).map(([seq]) => seq);
		const waiting = [...since.values()].filter((at) => now - at < ENOUGH);
		return {
			...(due.length > 0 && { seen: Math.max(...due) }),
			...(waiting.length > 0 && { again: Math.min(...waiting) + ENOUGH - now })
		};
	}

	/** away says that nobody looks any more: all begins anew. */
	away(): void {
		this.#since.clear();
	}
}
