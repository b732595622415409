import i18next from 'i18next';
import { expect, test } from 'vitest';
import cy from '#lib/text/cy.json';
import { clock, day, dayKey, dayStart, daysUntil, exact, moment, said, span, wholeDay } from './time.ts';

const manner = { zone: 'Europe/London', now: new Date('2026-03-12T15:00:00Z') };
const at = (text: string) => new Date(text);

test.each([
	['2026-03-12T14:59:40Z', 'just now'],
	['2026-03-12T14:59:00Z', '1 minute ago'],
	['2026-03-12T14:15:00Z', '45 minutes ago'],
	['2026-03-12T08:05:00Z', 'today at 08:05'],
	['2026-03-11T23:30:00Z', 'yesterday at 23:30'],
	['2026-03-09T10:00:00Z', 'Monday at 10:00'],
	['2026-02-01T10:00:00Z', '1 February'],
	['2024-02-01T10:00:00Z', '1 February 2024'],
	// A clock that is a little ahead of ours.
	['2026-03-12T15:00:30Z', 'just now']
])('%s is said as %s', (moment, words) => {
	expect(said(at(moment), manner)).toBe(words);
});

test('days change at midnight where the reader is, in winter and in summer', () => {
	expect(dayKey(at('2026-03-28T23:30:00Z'), 'Europe/London')).toBe('2026-03-28');
	// The clocks go forward on 29 March 2026.
	expect(dayKey(at('2026-03-29T23:30:00Z'), 'Europe/London')).toBe('2026-03-30');
	expect(clock(at('2026-03-29T00:30:00Z'), manner)).toBe('00:30');
	expect(clock(at('2026-03-29T01:30:00Z'), manner)).toBe('02:30');
	// And back on 25 October.
	expect(clock(at('2026-10-25T00:30:00Z'), manner)).toBe('01:30');
	expect(clock(at('2026-10-25T01:30:00Z'), manner)).toBe('01:30');
});

test.each([
	['2026-03-12', 'Europe/London', '2026-03-12T00:00:00.000Z'],
	['2026-03-29', 'Europe/London', '2026-03-29T00:00:00.000Z'],
	['2026-03-30', 'Europe/London', '2026-03-29T23:00:00.000Z'],
	['2026-10-25', 'Europe/London', '2026-10-24T23:00:00.000Z'],
	['2026-10-26', 'Europe/London', '2026-10-26T00:00:00.000Z'],
	['2026-03-12', 'Asia/Kathmandu', '2026-03-11T18:15:00.000Z'],
	['2026-03-12', 'Pacific/Kiritimati', '2026-03-11T10:00:00.000Z']
])('%s in %s begins at %s', (date, zone, moment) => {
	expect(dayStart(date, zone).toISOString()).toBe(moment);
});

test.each([
	['2026-03-12', '08:30', '2026-03-12T08:30:00.000Z'],
	['2026-06-12', '08:37', '2026-06-12T07:37:00.000Z'],
	// This time is not there in the night when the clock goes forward: the first after it.
	['2026-03-29', '01:30', '2026-03-29T01:00:00.000Z']
])('the clock in London shows %s %s at %s', (date, time, at) => {
	expect(moment(date, time, 'Europe/London').toISOString()).toBe(at);
});

test('headings of days', () => {
	expect(day(at('2026-03-12T00:00:00Z'), manner)).toBe('Today');
	expect(day(at('2026-03-11T12:00:00Z'), manner)).toBe('Yesterday');
	expect(day(at('2026-03-05T12:00:00Z'), manner)).toBe('Thursday 5 March');
});

test('the exact time has no comma and no doubt', () => {
	expect(exact(at('2026-03-12T14:05:00Z'), manner)).toBe('Thursday 12 March 2026 at 14:05');
});

test('a whole day is the same day in every zone', () => {
	expect(wholeDay('2026-03-12')).toBe('Thursday 12 March 2026');
	expect(daysUntil('2026-03-13', { ...manner, zone: 'Pacific/Auckland' })).toBe(0);
	expect(daysUntil('2026-03-13', manner)).toBe(1);
});

test('a span of days says the month once', () => {
	expect(span('2026-06-10', '2026-06-11')).toBe('10 to 11 June 2026');
	expect(span('2026-05-31', '2026-06-01')).toBe('31 May 2026 to 1 June 2026');
	expect(span('2026-06-10', '2026-06-10')).toBe('Wednesday 10 June 2026');
});

test('Welsh dates are Welsh, whether or not the browser knows Welsh', async () => {
	i18next.addResourceBundle('cy', 'translation', cy);
	await i18next.changeLanguage('cy');
	try {
		expect(wholeDay('2026-11-25')).toBe('Dydd Mercher 25 Tachwedd 2026');
		expect(day(at('2026-03-05T12:00:00Z'), manner)).toBe('Dydd Iau 5 Mawrth');
		expect(said(at('2026-02-01T10:00:00Z'), manner)).toBe('1 Chwefror');
		expect(said(at('2026-03-09T10:00:00Z'), manner)).toBe('Dydd Llun am 10:00');
		expect(span('2026-06-10', '2026-06-11')).toBe('10 i 11 Mehefin 2026');
	} finally {
		await i18next.changeLanguage('en');
	}
});
