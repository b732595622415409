/** How long a page may take to show its heading before the focus stays where it is, in milliseconds. */
const patience = 10_000;

let watch: MutationObserver | undefined;

/**
 * Gives the focus to the heading of the page that was just moved to, so that keyboard and screen reader go on from there.
 * Where the heading comes with data, `main` holds the focus until then; a person who has moved on by themselves is left alone.
 */
export function focusHeading(): void {
	watch?.disconnect();
	const heading = () => document.querySelector<HTMLElement>('main h1[tabindex="-1"]');
	const now = heading();
	const holder = now ?? document.getElementById('main');
	holder?.focus({ preventScroll: true });
	if (now || !holder) return;

	watch = new MutationObserver((_, self) => {
		const moved = document.activeElement !== holder && document.activeElement !== document.body;
		const found = moved ? null : heading();
		found?.focus({ preventScroll: true });
		if (moved || found) self.disconnect();
	});
	watch.observe(document.body, { childList: true, subtree: true });
	const mine = watch;
	setTimeout(() => mine.disconnect(), patience);
}
