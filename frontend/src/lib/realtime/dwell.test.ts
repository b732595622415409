import { beforeEach, expect, test } from 'vitest';
import { Dwell } from './dwell.ts';

let dwell: Dwell;
beforeEach(() => void (dwell = new Dwell()));

test('what stays in sight for a second is seen', () => {
	expect(dwell.look([1, 2], 0)).toEqual({ again: 1000 });
	expect(dwell.look([1, 2], 999)).toEqual({ again: 1 });
	expect(dwell.look([1, 2], 1000)).toEqual({ seen: 2 });
});

test('what comes later has its own second', () => {
	dwell.look([1], 0);
	expect(dwell.look([1, 2], 600)).toEqual({ again: 400 });
	expect(dwell.look([1, 2], 1000)).toEqual({ seen: 1, again: 600 });
	expect(dwell.look([1, 2], 1600)).toEqual({ seen: 2 });
});

test('what is scrolled past in less is not seen', () => {
	for (let at = 0; at < 5000; at += 500) expect(dwell.look([at], at).seen).toBeUndefined();
});

test('looking away begins the second anew', () => {
	dwell.look([1], 0);
	dwell.away();
	expect(dwell.look([1], 1500)).toEqual({ again: 1000 });
});

test('nothing in sight, nothing seen', () => {
	expect(dwell.look([], 0)).toEqual({});
});
