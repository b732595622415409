// Who is at the screen, and on which Guildhall.
import { getMe, getSite } from '#lib/api/endpoints.ts';
import { asProblem } from '#lib/api/problem.ts';
import type { Me, Site } from '#lib/api/types.ts';
import { remembered, speak, t } from '#lib/text/text.svelte.ts';

class Session {
	site = $state.raw<Site>({
		name: 'Guildhall',
		demo: false,
		version: '',
		attribution: '',
		timeZone: 'Europe/London',
		mostFiles: 10,
		mostFileMB: 25,
		conversationsKeptDays: 0
	});
	/** The person who is signed in; null for nobody. */
	me = $state.raw<Me | null>(null);
	#loaded = false;

	/** load asks once who we are. It fails only when the server does not answer. */
	async load(): Promise<void> {
		if (this.#loaded) return;
		const [site] = await Promise.all([getSite(), this.reload()]);
		this.site = site;
		this.#loaded = true;
	}

	/** reload asks again, after signing in or out or a change of the profile. */
	async reload(): Promise<void> {
		try {
			this.me = await getMe();
		} catch (thrown) {
			const problem = asProblem(thrown);
			if (problem.status !== 401) throw problem;
			this.me = null;
		}
		await speak(remembered() ?? this.me?.language ?? 'en');
	}

	get zone(): string {
		return this.me?.timeZone || this.site.timeZone;
	}

	/** What the browser's tab says: from small to large. */
	title(page: string, error = false): string {
		return t(error ? 'app.titleError' : 'app.title', { page, site: this.site.name });
	}
}

export const session = new Session();
