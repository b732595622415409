// The time, for what says "5 minutes ago". It moves every half minute.
import type { Manner } from '#lib/time/time.ts';
import { session } from './session.svelte.ts';

let now = $state(new Date());
setInterval(() => (now = new Date()), 30_000);

/** manner is how this reader wants times written, now. */
export function manner(): Manner {
	return { zone: session.zone, now };
}
