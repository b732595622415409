import { expect, test } from 'vitest';
import { nextWorkingMorning, tomorrowMorning, undisturbedUntil } from './quiet.ts';

const zone = 'Europe/London';
const nights = { from: '18:30', to: '08:00', days: [1, 2, 3, 4, 5] };
const noon = { from: '12:00', to: '13:00', days: [6] };

// The same cases as the server's: Friday 23 October 2026 is summer time, the Monday after it winter time.
test.each([
	['2026-10-23T17:29:00Z', undefined],
	['2026-10-23T17:30:00Z', '2026-10-24T07:00:00.000Z'],
	['2026-10-24T06:59:00Z', '2026-10-24T07:00:00.000Z'],
	['2026-10-24T07:00:00Z', undefined],
	['2026-10-24T20:00:00Z', undefined],
	['2026-10-26T18:29:00Z', undefined],
	['2026-10-26T18:30:00Z', '2026-10-27T08:00:00.000Z']
])('at %s quiet until %s', (at, until) => {
	expect(undisturbedUntil(new Date(at), zone, nights)?.toISOString()).toBe(until);
});

test('within one day, and by word', () => {
	const at = new Date('2026-10-24T11:30:00Z');
	expect(undisturbedUntil(at, zone, noon)?.toISOString()).toBe('2026-10-24T12:00:00.000Z');
	expect(undisturbedUntil(at, zone, noon, '2026-10-24T14:00:00Z')?.toISOString()).toBe('2026-10-24T14:00:00.000Z');
	expect(undisturbedUntil(at, zone, undefined, '2026-10-24T11:30:00Z')).toBeUndefined();
});

test('mornings to come', () => {
	const friday = new Date('2026-10-23T12:00:00Z');
	expect(tomorrowMorning(friday, zone).toISOString()).toBe('2026-10-24T07:30:00.000Z');
	expect(nextWorkingMorning(friday, zone).toISOString()).toBe('2026-10-26T08:30:00.000Z');
});
