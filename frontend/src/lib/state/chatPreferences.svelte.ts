// How a person likes to write and read. Kept on this device.
const key = 'gh-chat';

export type ChatPreferences = {
	/** Enter sends, and Shift with Enter begins a line; else Enter begins a line, and Ctrl with Enter sends. */
	enterSends: boolean;
	/** The buttons for bold, lists and so on are shown. */
	toolbar: boolean;
	/** All of a room counts as read when it is opened; else what has been on the screen for a second. */
	readOnOpening: boolean;
};
const usual: ChatPreferences = { enterSends: true, toolbar: false, readOnOpening: false };

function kept(): Partial<ChatPreferences> {
	try {
		const found: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
		return typeof found === 'object' && found !== null ? found : {};
	} catch {
		return {};
	}
}

let now = $state.raw<ChatPreferences>({ ...usual, ...kept() });

/** chatPreferences gives them as they are now. */
export const chatPreferences = (): ChatPreferences => now;

/** prefer changes some of them and remembers it. */
export function prefer(change: Partial<ChatPreferences>): void {
	now = { ...now, ...change };
	try {
		localStorage.setItem(key, JSON.stringify(now));
	} catch {
		// Storage may be shut off by policy. The choice then lasts for this visit.
	}
}
