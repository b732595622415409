// Moments and days, as people say them. Every function takes the zone; the words are the catalogue's.
import { t } from '#lib/text/text.svelte.ts';

export type Manner = { zone: string; now: Date };

const made = new Map<string, Intl.DateTimeFormat>();

function format(at: Date, options: Intl.DateTimeFormatOptions): string {
	// Making a formatter is slow, and a room shows hundreds of times.
	const key = JSON.stringify(options);
	let formatter = made.get(key);
	if (!formatter) made.set(key, (formatter = new Intl.DateTimeFormat('en-CA', options)));
	return formatter.format(at);
}

// The names come from our catalogues: Chromium has no Welsh, and would write American English beside our Welsh words.
/** weekdayName names the day of the week of a day such as 2026-03-12. */
export const weekdayName = (date: string) => t('time.weekdays').split(', ')[new Date(date).getUTCDay()]!;
const month = (date: string) => t('time.months').split(', ')[Number(date.slice(5, 7)) - 1]!;
/** monthDay writes 12 March, or 12 March 2026, of a day such as 2026-03-12. */
const monthDay = (date: string, year = false) =>
	`${Number(date.slice(8, 10))} ${month(date)}${year ? ` ${date.slice(0, 4)}` : ''}`;

/** dayKey names the day that a moment falls on, such as 2026-03-12. */
export function dayKey(at: Date, zone: string): string {
	return format(at, { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
}

const MINUTE = 60_000;

/** moment is when a clock in a zone first shows a time of a day, such as 2026-03-12 and 08:30, or the first later one. */
export function moment(date: string, time: string, zone: string): Date {
	// No zone is further than 15 hours from UTC.
	const middle = Date.parse(`${date}T${time}Z`) / MINUTE;
	let [before, on] = [middle - 15 * 60, middle + 15 * 60];
	const shown = (minute: number) => {
		const at = new Date(minute * MINUTE);
		return `${dayKey(at, zone)} ${clock(at, { zone })}`;
	};
	while (on - before > 1) {
		const between = Math.floor((before + on) / 2);
		if (shown(between) < `${date} ${time}`) before = between;
		else on = between;
	}
	return new Date(on * MINUTE);
}

/** dayStart is the first moment of a day, such as 2026-03-12, in a zone. */
export const dayStart = (date: string, zone: string) => moment(date, '00:00', zone);

const daysBetween = (from: string, to: string) => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);

/** clock is the time of day: 12:05. */
export function clock(at: Date, { zone }: Pick<Manner, 'zone'>): string {
	return format(at, { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** day heads the messages of one day: Today, Yesterday, Thursday 12 March. */
export function day(at: Date, { zone, now }: Manner): string {
	const [date, today] = [dayKey(at, zone), dayKey(now, zone)];
	const ago = daysBetween(date, today);
	if (ago === 0) return t('time.today');
	if (ago === 1) return t('time.yesterday');
	return `${weekdayName(date)} ${monthDay(date, date.slice(0, 4) !== today.slice(0, 4))}`;
}

/** said is how one would tell a colleague: 5 minutes ago, yesterday at 14:05, 12 March. */
export function said(at: Date, manner: Manner): string {
	const { zone, now } = manner;
	const minutes = Math.floor((now.getTime() - at.getTime()) / 60_000);
	if (minutes < 1) return t('time.now');
	if (minutes < 60) return t('time.minutesAgo', { count: minutes });
	const [date, today] = [dayKey(at, zone), dayKey(now, zone)];
	const ago = daysBetween(date, today);
	const time = clock(at, manner);
	if (ago === 0) return t('time.todayAt', { time });
	if (ago === 1) return t('time.yesterdayAt', { time });
	if (ago < 7) return t('time.dayAt', { day: weekdayName(date), time });
	return monthDay(date, date.slice(0, 4) !== today.slice(0, 4));
}

/** exact leaves nothing open: Thursday 12 March 2026 at 14:05. */
export function exact(at: Date, manner: Manner): string {
	return t('time.dayAt', { day: wholeDay(dayKey(at, manner.zone)), time: clock(at, manner) });
}

/** wholeDay writes a day that has no time and so no zone: Thursday 12 March 2026. */
export function wholeDay(date: string, named = true): string {
	return named ? `${weekdayName(date)} ${monthDay(date, true)}` : monthDay(date, true);
}

/** span writes the days from one to another: 10 to 11 June 2026. */
export function span(from: string, to: string): string {
	if (from === to) return wholeDay(from);
	const first = from.slice(0, 7) === to.slice(0, 7) ? String(Number(from.slice(8))) : wholeDay(from, false);
	return t('time.range', { from: first, to: wholeDay(to, false) });
}

/** daysUntil counts the days to a date: 0 is today, less is past. */
export function daysUntil(date: string, { zone, now }: Manner): number {
	return daysBetween(dayKey(now, zone), date);
}
