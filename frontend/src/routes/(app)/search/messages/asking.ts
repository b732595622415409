// Another search, as an address: the page is what its address says.
import { goto } from '$app/navigation';
import { page } from '$app/state';

/** ask goes to the same search with something changed; '' takes it away. */
export function ask(change: { q?: string; room?: string }): Promise<void> {
	const url = new URL(page.url.href);
	for (const [name, value] of Object.entries(change)) {
		if (value) url.searchParams.set(name, value);
		else url.searchParams.delete(name);
	}
	// eslint-disable-next-line svelte/no-navigation-without-resolve -- the page that we are on
	return goto(url, { replace: true, reset: false });
}
