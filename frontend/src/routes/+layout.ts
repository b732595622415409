import { session } from '#lib/state/session.svelte.ts';

// A single-page app: pages are made in the browser, from data that only signed-in people may see.
export const ssr = false;
export const prerender = false;

export const load = () => session.load();
