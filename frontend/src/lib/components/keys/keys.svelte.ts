// The two sheets that open over any page by a key or a button.
export const sheets = $state({ switcher: false, help: false });

const MOST = 30;
const key = (person: string) => `gh-recent-${person}`;

/** recentPaths gives where somebody has been on this device, the last first. */
export function recentPaths(person: string): string[] {
	try {
		return JSON.parse(localStorage.getItem(key(person)) ?? '[]') as string[];
	} catch {
		return [];
	}
}

/** visited remembers a place. */
export function visited(person: string, path: string): void {
	try {
		const paths = [path, ...recentPaths(person).filter((p) => p !== path)].slice(0, MOST);
		localStorage.setItem(key(person), JSON.stringify(paths));
	} catch {
		// Storage may be shut off by policy: then nothing is recent.
	}
}
