// A finger that rests on something asks what can be done with it. It is answered when the finger is lifted: a menu that opens
// under it would be closed by the lifting, as by any press beside it.

/** How long a finger rests, in milliseconds, and how far it may stray, in pixels. */
const REST = 500;
const STRAY = 10;

/** longPress calls act when a finger has rested on the element, but not on a link or a button in it. */
export function longPress(act: () => void): (element: HTMLElement) => () => void {
	return (element) => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let from = { x: 0, y: 0 };
		let touched = false;
		let due = false;
		const stop = () => {
			clearTimeout(timer);
			due = false;
		};
		const rested = () => {
			due = true;
			navigator.vibrate?.(10);
		};
		const up = () => {
			// After whatever the browser makes of the lifting.
			if (due) setTimeout(act);
			stop();
		};
		const down = (event: PointerEvent) => {
			stop();
			touched = event.pointerType === 'touch' && !(event.target as HTMLElement).closest('a, button, input, textarea');
			if (!touched || !event.isPrimary) return;
			from = { x: event.clientX, y: event.clientY };
			timer = setTimeout(rested, REST);
		};
		const move = (event: PointerEvent) => Math.hypot(event.clientX - from.x, event.clientY - from.y) > STRAY && stop();
		// The browser's own menu would lie over ours.
		const menu = (event: Event) => touched && event.preventDefault();
		const listeners: [string, (event: never) => void][] = [
			['pointerdown', down],
			['pointermove', move],
			['pointerup', up],
			['pointercancel', stop],
			['contextmenu', menu]
		];
		for (const [type, listener] of listeners) element.addEventListener(type, listener as EventListener);
		return () => {
			stop();
			for (const [type, listener] of listeners) element.removeEventListener(type, listener as EventListener);
		};
	};
}
