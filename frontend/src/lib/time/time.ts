// Moments and days, as people say them. Every function takes the zone and the language that it should speak.
import { t } from '#lib/text/text.svelte.ts';

export type Manner = { locale: string; zone: string; now: Date };

const made = new Map<string, Intl.DateTimeFormat>();

function format(at: Date, locale: string, options: Intl.DateTimeFormatOptions): string {
	// Making a formatter is slow, and a room shows hundreds of times.
	const key = locale + JSON.stringify(options);
	let formatter = made.get(key);
	if (!formatter) made.set(key, (formatter = new Intl.DateTimeFormat(locale, options)));
	return formatter.format(at);
}

/** dayKey names the day that a moment falls on, such as 2026-03-12. */
export function dayKey(at: Date, zone: string): string {
	return format(at, 'en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
}

const daysBetween = (from: string, to: string) => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);

/** clock is the time of day: 12:05. */
export function clock(at: Date, { locale, zone }: Manner): string {
	return format(at, locale, { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

function longDay(at: Date, { locale, zone, now }: Manner): string {
	const year = dayKey(at, zone).slice(0, 4) === dayKey(now, zone).slice(0, 4) ? undefined : 'numeric';
	return format(at, locale, { timeZone: zone, weekday: 'long', day: 'numeric', month: 'long', year });
}

/** day heads the messages of one day: Today, Yesterday, Thursday 12 March. */
export function day(at: Date, manner: Manner): string {
	const ago = daysBetween(dayKey(at, manner.zone), dayKey(manner.now, manner.zone));
	if (ago === 0) return t('time.today');
	if (ago === 1) return t('time.yesterday');
	return longDay(at, manner);
}

/** said is how one would tell a colleague: 5 minutes ago, yesterday at 14:05, 12 March. */
export function said(at: Date, manner: Manner): string {
	const { locale, zone, now } = manner;
	const minutes = Math.floor((now.getTime() - at.getTime()) / 60_000);
	if (minutes < 1) return t('time.now');
	if (minutes < 60) return t('time.minutesAgo', { count: minutes });
	const ago = daysBetween(dayKey(at, zone), dayKey(now, zone));
	const time = clock(at, manner);
	if (ago === 0) return t('time.todayAt', { time });
	if (ago === 1) return t('time.yesterdayAt', { time });
	if (ago < 7) return t('time.dayAt', { day: format(at, locale, { timeZone: zone, weekday: 'long' }), time });
	const year = dayKey(at, zone).slice(0, 4) === dayKey(now, zone).slice(0, 4) ? undefined : 'numeric';
	return format(at, locale, { timeZone: zone, day: 'numeric', month: 'long', year });
}

/** exact leaves nothing open: Thursday 12 March 2026 at 14:05. */
export function exact(at: Date, manner: Manner): string {
	const { locale, zone } = manner;
	const whole = format(at, locale, { timeZone: zone, weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
	return t('time.dayAt', { day: plain(whole), time: clock(at, manner) });
}

/** wholeDay writes a day that has no time and so no zone: Thursday 12 March 2026. */
export function wholeDay(date: string, locale: string, weekday = true): string {
	const options = { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' } as const;
	return plain(format(new Date(date), locale, weekday ? { ...options, weekday: 'long' } : options));
}

/** span writes the days from one to another: 10 to 11 June 2026. */
export function span(from: string, to: string, locale: string): string {
	if (from === to) return wholeDay(from, locale);
	const month = from.slice(0, 7) === to.slice(0, 7);
	const first = month ? String(Number(from.slice(8))) : wholeDay(from, locale, false);
	return t('time.range', { from: first, to: wholeDay(to, locale, false) });
}

/** daysUntil counts the days to a date: 0 is today, less is past. */
export function daysUntil(date: string, { zone, now }: Manner): number {
	return daysBetween(dayKey(now, zone), date);
}

/** Some browsers set a comma after the weekday and some do not. We do not. */
const plain = (text: string) => text.replace(/^(\p{L}+),/u, '$1');
