// What the list of a room shows, line by line: days, the line above what is new, messages, and those that still wait.
import type { Message } from '#lib/api/types.ts';
import { dayKey } from '#lib/time/time.ts';
import type { Waiting } from './outboxStore.ts';

export type Row =
	| { kind: 'beginning'; key: string }
	| { kind: 'day'; key: string; at: string }
	| { kind: 'new'; key: string }
	| { kind: 'message'; key: string; message: Message; /** opens a group: shows its author */ opens: boolean }
	| { kind: 'waiting'; key: string; waiting: Waiting; opens: boolean };

type Given = {
	messages: Message[];
	waiting: Waiting[];
	hasBefore: boolean;
	/** The reader's own id and zone. */
	me: string;
	zone: string;
	/** The first message that is new to the reader, by its number, if any. */
	newFrom?: number;
};

const QUARTER = 15 * 60 * 1000;
let days = { zone: '', of: new Map<number, string>() };

/** dayOf remembers the day of each quarter of an hour: every zone keeps to those, and a long list asks for thousands. */
function dayOf(at: number, zone: string): string {
	if (days.zone !== zone) days = { zone, of: new Map() };
	const quarter = Math.floor(at / QUARTER);
	let day = days.of.get(quarter);
	if (!day) days.of.set(quarter, (day = dayKey(new Date(at), zone)));
	return day;
}

/** Messages of one author within this time stand together under one name. */
const GROUP = 5 * 60 * 1000;

export function rowsOf({ messages, waiting, hasBefore, me, zone, newFrom }: Given): Row[] {
	const rows: Row[] = [];
	let last: { author: string; at: number; day: string } | undefined;

	if (!hasBefore) rows.push({ kind: 'beginning', key: 'beginning' });
	let lineDrawn = newFrom === undefined;
	for (const message of messages) {
		const at = Date.parse(message.createdAt);
		const day = dayOf(at, zone);
		let opens = last?.author !== message.author.id || at - last.at > GROUP || message.deletedAt !== null;
		if (day !== last?.day) {
			rows.push({ kind: 'day', key: `day-${message.seq}`, at: message.createdAt });
			opens = true;
		}
		if (!lineDrawn && message.seq >= newFrom!) {
			rows.push({ kind: 'new', key: 'new' });
			lineDrawn = opens = true;
		}
		// Mine keep the key that they had while they waited, so that nothing jumps when the server has them.
		const key = message.author.id === me ? `mine-${message.clientId}` : message.id;
		rows.push({ kind: 'message', key, message, opens });
		last = { author: message.deletedAt || message.notice ? '' : message.author.id, at, day };
	}

	const stored = new Set(messages.filter((m) => m.author.id === me).map((m) => m.clientId));
	for (const one of waiting) {
		if (stored.has(one.clientId)) continue;
		const opens = last?.author !== me || one.at - last.at > GROUP;
		rows.push({ kind: 'waiting', key: `mine-${one.clientId}`, waiting: one, opens });
		last = { author: me, at: one.at, day: last?.day ?? '' };
	}
	return rows;
}

/** grewAtTop tells whether rows are those of before with earlier messages above them. */
export function grewAtTop(before: Row[], now: Row[]): boolean {
	const first = (rows: Row[]) => rows.find((r) => r.kind === 'message')?.key;
	const was = first(before);
	return was !== undefined && first(now) !== was && now.some((r) => r.key === was);
}
