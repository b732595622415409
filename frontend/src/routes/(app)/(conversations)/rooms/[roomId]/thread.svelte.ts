// Where threads are, and how they were asked for.
import { MediaQuery } from 'svelte/reactivity';

/** On a wide screen a thread stands beside its room, on others in its place. */
export const wide = new MediaQuery('width >= 64rem', true);

/** Whether the thread that opens next was asked for in order to write in it. */
export const asked = { write: false };
