// Quiet hours, and the moments that "later" and "tomorrow morning" mean, in a person's own time zone.
import { clock, dayKey, moment } from './time.ts';

/** Hours of the day in which nothing disturbs. They may run over midnight; days are those on which they begin, 1 for Monday. */
export type Quiet = { from: string; to: string; days: number[] };

/** When a working day begins. */
export const MORNING = '08:30';

/** nextDay gives the day that is so many days after another, such as 2026-03-12. */
const nextDay = (date: string, days = 1) => new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
/** weekdayOf is 1 for Monday to 7 for Sunday. */
const weekdayOf = (date: string) => new Date(date).getUTCDay() || 7;

/** quietUntil gives the end of the quiet hours that a moment falls in, undefined outside of them. */
function quietUntil(at: Date, zone: string, { from, to, days }: Quiet): Date | undefined {
	const [today, time] = [dayKey(at, zone), clock(at, { zone })];
	const begins = (date: string) => days.includes(weekdayOf(date));
	if (from < to) return begins(today) && time >= from && time < to ? moment(today, to, zone) : undefined;
	if (begins(today) && time >= from) return moment(nextDay(today), to, zone);
	return begins(nextDay(today, -1)) && time < to ? moment(today, to, zone) : undefined;
}

/** undisturbedUntil says until when nothing should disturb: by the hours or by word, whichever is later. */
export function undisturbedUntil(at: Date, zone: string, quiet?: Quiet, word?: string | null): Date | undefined {
	const ends = [quiet && quietUntil(at, zone, quiet), word ? new Date(word) : undefined];
	return ends.filter((end) => end !== undefined && end > at).sort((a, b) => b!.getTime() - a!.getTime())[0];
}

/** tomorrowMorning is when tomorrow's working hours begin. */
export const tomorrowMorning = (now: Date, zone: string) => moment(nextDay(dayKey(now, zone)), MORNING, zone);

/** nextWorkingMorning is when the next working day begins, Monday to Friday, after today. */
export function nextWorkingMorning(now: Date, zone: string): Date {
	let date = nextDay(dayKey(now, zone));
	while (weekdayOf(date) > 5) date = nextDay(date);
	return moment(date, MORNING, zone);
}
