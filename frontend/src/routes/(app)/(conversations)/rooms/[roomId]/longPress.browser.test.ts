import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { longPress } from './longPress.ts';

let element: HTMLElement;
let act: () => void;
let stop: () => void;
const finger = (type: string, more: PointerEventInit = {}) =>
	element.dispatchEvent(new PointerEvent(type, { pointerType: 'touch', isPrimary: true, bubbles: true, ...more }));

beforeEach(() => {
	vi.useFakeTimers();
	element = document.body.appendChild(document.createElement('p'));
	act = vi.fn();
	stop = longPress(() => act())(element);
});
afterEach(() => {
	stop();
	element.remove();
	vi.useRealTimers();
});

test('a finger that rests is answered when it is lifted, and not before', async () => {
	finger('pointerdown');
	await vi.advanceTimersByTimeAsync(600);
	expect(act).not.toHaveBeenCalled();
	finger('pointerup');
	await vi.advanceTimersByTimeAsync(1);
	expect(act).toHaveBeenCalledOnce();
});

test('one that taps, strays, is taken over by the browser, or is a mouse asks for nothing', async () => {
	const ways: [string, PointerEventInit, number][] = [
		['pointerup', {}, 100],
		['pointermove', { clientX: 30 }, 600],
		['pointercancel', {}, 600]
	];
	for (const [type, more, rest] of ways) {
		finger('pointerdown');
		await vi.advanceTimersByTimeAsync(rest);
		finger(type, more);
		finger('pointerup');
		await vi.advanceTimersByTimeAsync(1000);
	}
	finger('pointerdown', { pointerType: 'mouse' });
	await vi.advanceTimersByTimeAsync(600);
	finger('pointerup', { pointerType: 'mouse' });
	await vi.advanceTimersByTimeAsync(1000);
	expect(act).not.toHaveBeenCalled();
});
