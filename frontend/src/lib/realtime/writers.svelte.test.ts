import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EVERY, saying, SHOWN, Writers } from './writers.svelte.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ruth = { person: '7', name: 'Ruth Whitcombe' };
const names = (writers: Writers) => writers.people.map((p) => p.name);

test('somebody writes until six seconds after the last word of it', () => {
	const writers = new Writers();
	writers.heard(ruth);
	vi.advanceTimersByTime(SHOWN - 1);
	writers.heard(ruth);
	vi.advanceTimersByTime(SHOWN - 1);
	expect(names(writers)).toEqual(['Ruth Whitcombe']);
	vi.advanceTimersByTime(1);
	expect(names(writers)).toEqual([]);
});

test('whose message has come is no longer writing, and others still are', () => {
	const writers = new Writers();
	writers.heard(ruth);
	writers.heard({ person: '8', name: 'Gwyn Tudwal' });
	writers.done('7');
	expect(names(writers)).toEqual(['Gwyn Tudwal']);
});

test('we say it at most every two seconds', () => {
	const say = vi.fn();
	const tell = saying(say);
	for (let i = 0; i < 50; i++) {
		tell();
		vi.advanceTimersByTime(EVERY / 10);
	}
	expect(say).toHaveBeenCalledTimes(5);
});
