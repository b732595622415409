/**
 * backoff gives the wait before try number `tries` (0 is the first), in milliseconds: full jitter over half a second,
 * doubling to thirty. Full jitter keeps a whole cohort from coming back in the same instant after a restart.
 */
export function backoff(tries: number, random: () => number = Math.random): number {
	return Math.round(random() * Math.min(30_000, 500 * 2 ** tries));
}
