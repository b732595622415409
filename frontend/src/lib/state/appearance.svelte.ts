// Light, dark or as the device has it; comfortable or compact. Kept on this device; boot.js sets it before the first paint.
export type Theme = 'device' | 'light' | 'dark';

function read(key: string): string | null {
	try {
		return localStorage.getItem(key);
	} catch {
		return null;
	}
}

function keep(key: string, value: string | undefined): void {
	try {
		if (value) localStorage.setItem(key, value);
		else localStorage.removeItem(key);
	} catch {
		// Storage may be shut off by policy. The choice then lasts for this visit.
	}
}

class Appearance {
	#theme = $state<Theme>((read('gh-theme') as Theme | null) ?? 'device');
	#compact = $state(read('gh-density') === 'compact');

	get theme() {
		return this.#theme;
	}
	set theme(theme: Theme) {
		this.#theme = theme;
		if (theme === 'device') delete document.documentElement.dataset.theme;
		else document.documentElement.dataset.theme = theme;
		keep('gh-theme', theme === 'device' ? undefined : theme);
	}

	get compact() {
		return this.#compact;
	}
	set compact(compact: boolean) {
		this.#compact = compact;
		if (compact) document.documentElement.dataset.density = 'compact';
		else delete document.documentElement.dataset.density;
		keep('gh-density', compact ? 'compact' : undefined);
	}
}

export const appearance = new Appearance();
