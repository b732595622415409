import { redirect } from '@sveltejs/kit';
import { session } from '#lib/state/session.svelte.ts';

/** Without a session there is nothing to see here; after signing in one comes back to where one wanted to go. */
export const load = async ({ parent, url }) => {
	await parent();
	if (session.me) return;
	const next = url.pathname + url.search;
	redirect(307, next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`);
};
