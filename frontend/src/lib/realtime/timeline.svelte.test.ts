import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Change, Message } from '#lib/api/types.ts';
import { Timeline, type Source } from './timeline.svelte.ts';

const person = { id: '1', name: 'Dev Patel', job: '', organisation: '', organisationId: '', former: false };

function message(seq: number, more: Partial<Message> = {}): Message {
	const at = '2026-03-12T10:00:00.000Z';
	const base = { id: `m${seq}`, roomId: '9', seq, clientId: `c${seq}`, author: person, body: `${seq}`, html: `${seq}` };
	return { ...base, createdAt: at, editedAt: null, deletedAt: null, version: 1, can: [], ...more };
}
const posted = (seq: number): Change => ({ type: 'message', room: '9', seq, message: message(seq) });

/** A room on a made-up server: a history of changes, numbered without gaps from 1. */
class Room {
	history: Change[] = [];
	asked: number[] = [];
	limit = 500;
	broken = false;

	post(count = 1) {
		for (let i = 0; i < count; i++) this.history.push(posted(this.history.length + 1));
		return this.history.at(-1)!;
	}
	change(type: 'edited' | 'deleted', of: number, more: Partial<Message>) {
		const seq = this.history.length + 1;
		const old = this.history[of - 1]!.message!;
		const changed = { ...old, version: old.version + 1, ...more };
		this.history[of - 1] = { ...this.history[of - 1]!, message: changed };
		const change: Change = { type, room: '9', seq, message: changed };
		this.history.push(change);
		return change;
	}
	get messages() {
		return this.history.filter((c) => c.type === 'message').map((c) => c.message!);
	}
	page = async ({ before, after, around, limit = 50 }: Parameters<Source['page']>[0]) => {
		await null;
		if (this.broken) throw new Error('no answer');
		const all = this.messages;
		let items = all.slice(-limit!);
		if (before !== undefined) items = all.filter((m) => m.seq < before).slice(-limit!);
		if (after !== undefined) items = all.filter((m) => m.seq > after).slice(0, limit);
		if (around !== undefined) items = all.filter((m) => Math.abs(m.seq - around) <= limit! / 2);
		return {
			items,
			head: this.history.length,
			hasBefore: items.length > 0 && items[0] !== all[0],
			hasAfter: items.length > 0 && items.at(-1) !== all.at(-1)
		};
	};
	changes = async (after: number) => {
		this.asked.push(after);
		await null;
		if (this.broken) throw new Error('no answer');
		const head = this.history.length;
		if (head - after > this.limit) return { items: [], head, reload: true };
		return { items: this.history.slice(after), head, reload: false };
	};
}

let room: Room;
let timeline: Timeline;
const seqs = () => timeline.messages.map((m) => m.seq);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const settle = () => new Promise((r) => setTimeout(r, 20));

beforeEach(() => {
	room = new Room();
	timeline = new Timeline(room);
});

describe('what comes live', () => {
	test('in order is shown at once, without asking the server again', async () => {
		room.post(2);
		await timeline.load();
		timeline.receive(room.post());
		timeline.receive(room.post());
		expect(seqs()).toEqual([1, 2, 3, 4]);
		expect(room.asked).toEqual([]);
	});

	test('twice is shown once', async () => {
		await timeline.load();
		const change = room.post();
		timeline.receive(change);
		timeline.receive(change);
		expect(seqs()).toEqual([1]);
	});

	test('ahead of a gap waits for what lies between, fetched once', async () => {
		room.post();
		await timeline.load();
		room.post(3); // lost on the way: 2, 3, 4
		timeline.receive(room.post());
		timeline.receive(room.post());
		expect(seqs()).toEqual([1]);
		await settle();
		expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]);
		expect(room.asked).toEqual([1]);
	});

	test('swapped is put right without losing either', async () => {
		await timeline.load();
		const [one, two] = [room.post(), room.post()];
		timeline.receive(two);
		timeline.receive(one);
		await settle();
		expect(seqs()).toEqual([1, 2]);
	});

	test('before the first page is there is neither lost nor doubled', async () => {
		room.post(3);
		const loading = timeline.load();
		timeline.receive(posted(3));
		timeline.receive(room.post());
		await loading;
		await settle();
		expect(seqs()).toEqual([1, 2, 3, 4]);
	});

	test('is announced, and history is not', async () => {
		room.post(2);
		const arrived = vi.fn();
		timeline.onArrived = arrived;
		await timeline.load();
		timeline.receive(room.post());
		expect(arrived.mock.calls.map(([m]) => m.seq)).toEqual([3]);
	});
});

describe('a heartbeat', () => {
	test('ahead of us makes us fetch', async () => {
		await timeline.load();
		room.post(2);
		timeline.head(2);
		await settle();
		expect(seqs()).toEqual([1, 2]);
	});

	test('level with us asks nothing', async () => {
		room.post(2);
		await timeline.load();
		timeline.head(2);
		expect(room.asked).toEqual([]);
	});
});

describe('fetching across a gap', () => {
	test('tries again by itself when the network fails', async () => {
		vi.spyOn(Math, 'random').mockReturnValue(0.01);
		await timeline.load();
		room.broken = true;
		room.post(2);
		timeline.head(2);
		await settle();
		expect(seqs()).toEqual([]);
		room.broken = false;
		await vi.waitFor(() => expect(seqs()).toEqual([1, 2]));
		vi.restoreAllMocks();
	});

	test('too far behind starts afresh from the newest page', async () => {
		room.post(10);
		await timeline.load();
		room.limit = 20;
		room.post(100);
		timeline.head(110);
		await settle();
		expect(seqs()).toEqual(Array.from({ length: 50 }, (_, i) => i + 61));
		expect(timeline.hasBefore).toBe(true);
		timeline.receive(room.post());
		expect(seqs().at(-1)).toBe(111);
	});
});

describe('edits and deletions', () => {
	test('replace the message and take a number of their own', async () => {
		room.post(2);
		await timeline.load();
		timeline.receive(room.change('edited', 1, { body: 'better' }));
		timeline.receive(room.post());
		expect(timeline.messages.map((m) => m.body)).toEqual(['better', '2', '4']);
		expect(timeline.seq).toBe(4);
		expect(room.asked).toEqual([]);
	});

	test('a deletion leaves its place', async () => {
		room.post(2);
		await timeline.load();
		timeline.receive(room.change('deleted', 1, { deletedAt: '2026-03-12T11:00:00.000Z', body: '' }));
		expect(timeline.messages[0]!.deletedAt).toBeTruthy();
		expect(seqs()).toEqual([1, 2]);
	});

	test('an older version never overwrites a newer one', async () => {
		room.post();
		await timeline.load();
		timeline.replace(message(1, { version: 3, body: 'third' }));
		timeline.replace(message(1, { version: 2, body: 'second' }));
		expect(timeline.messages[0]!.body).toBe('third');
	});

	test('a number that holds nothing any more is passed over', async () => {
		await timeline.load();
		timeline.receive(room.post());
		room.history.push({ type: 'gone', room: '9', seq: 2 });
		timeline.receive(room.history[1]!);
		timeline.receive(room.post());
		expect(seqs()).toEqual([1, 3]);
	});
});

describe('history', () => {
	test('is paged back to the first message and joined without a seam', async () => {
		room.post(120);
		await timeline.load();
		expect(seqs()[0]).toBe(71);
		await timeline.older();
		await timeline.older();
		expect(seqs()).toEqual(upTo(120));
		expect(timeline.hasBefore).toBe(false);
		expect(await timeline.older()).toBe(false);
	});

	test('asked for twice at once is fetched once', async () => {
		room.post(120);
		await timeline.load();
		const [first, second] = await Promise.all([timeline.older(), timeline.older()]);
		expect([first, second]).toEqual([true, false]);
	});

	test('that was edited while on its way shows the edit', async () => {
		room.post(60);
		await timeline.load();
		const stale = room.page;
		room.page = async (where) => {
			const page = await stale(where);
			timeline.receive(room.change('edited', 3, { body: 'edited meanwhile' }));
			return page;
		};
		await timeline.older();
		expect(timeline.messages[2]!.body).toBe('edited meanwhile');
	});

	test('around a permalink does not get live messages stuck on its end', async () => {
		room.post(200);
		await timeline.load({ around: 50 });
		expect(timeline.hasAfter).toBe(true);
		const arrived: number[] = [];
		timeline.onArrived = (m) => arrived.push(m.seq);
		timeline.receive(room.post());
		expect(seqs().at(-1)).toBe(75);
		expect(arrived, 'told all the same, for it is counted and read out').toEqual([201]);
		while (timeline.hasAfter) await timeline.newer();
		expect(seqs()).toEqual(Array.from({ length: 201 - 24 }, (_, i) => i + 25));
		timeline.receive(room.post());
		expect(seqs().at(-1)).toBe(202);
	});

	test('a gap too long to fill reloads around the reader, not at the end', async () => {
		room.post(200);
		await timeline.load({ around: 50 });
		timeline.reader = () => 60;
		room.post(600);
		timeline.head(800);
		await settle();
		expect(timeline.loads).toBe(2);
		expect([seqs()[0], seqs().at(-1), timeline.seq]).toEqual([35, 85, 800]);
	});

	test('reaching the end while a message comes misses nothing', async () => {
		room.post(80);
		await timeline.load({ around: 20 });
		const honest = room.page;
		room.page = async (where) => {
			const page = await honest(where);
			timeline.receive(room.post());
			return page;
		};
		await timeline.newer();
		expect(seqs().at(-1)).toBe(81);
	});
});

test('our own message counts once, whichever way it comes first', async () => {
	await timeline.load();
	const { message: mine } = room.post();
	timeline.sent(mine!);
	timeline.receive(room.history[0]!);
	expect(seqs()).toEqual([1]);
	const { message: next } = room.post();
	timeline.receive(room.history[1]!);
	timeline.sent(next!);
	expect(seqs()).toEqual([1, 2]);
});

test('a thousand drops, doubles and swaps end equal to the server', async () => {
	await timeline.load();
	let rest = 7;
	const random = (n: number) => (rest = (rest * 16807) % 2147483647) % n;
	let late: Change[] = [];
	for (let i = 0; i < 1000; i++) {
		const dice = random(10);
		const change = dice === 9 && i > 5 ? room.change('edited', 1, { body: `edit ${i}` }) : room.post();
		if (dice < 5) timeline.receive(change);
		else if (dice < 7) late.push(change); // later, out of turn
		if (dice === 8) [change, change].forEach((c) => timeline.receive(c));
		if (i % 13 === 0) {
			late.reverse().forEach((c) => timeline.receive(c));
			late = [];
			await null;
		}
	}
	timeline.head(room.history.length);
	await settle();
	await timeline.fill();
	expect(seqs()).toEqual(room.messages.map((m) => m.seq));
	expect(timeline.messages[0]!.body).toBe(room.messages[0]!.body);
});

test('a page that does not come leaves the room going', async () => {
	vi.useFakeTimers();
	try {
		const room = new Room();
		room.post(3);
		const timeline = new Timeline(room);
		await timeline.load();
		room.post(1000); // too far: the server says "reload"
		const page = room.page;
		room.page = () => Promise.reject(new Error('no answer'));
		timeline.head(1003);
		await vi.advanceTimersByTimeAsync(1000);
		expect(timeline.loaded).toBe(true);
		room.page = page;
		await vi.advanceTimersByTimeAsync(60_000);
		expect(timeline.messages.at(-1)!.seq).toBe(1003);
		timeline.receive(room.post());
		expect(timeline.messages.at(-1)!.seq).toBe(1004);
		timeline.close();
	} finally {
		vi.useRealTimers();
	}
});

describe('threads', () => {
	const reply = (seq: number): Change => ({
		...{ type: 'message', room: '9', seq },
		message: message(seq, { threadId: 'm1', thread: { replies: seq - 1, lastSeq: seq, lastAt: null, people: [] } })
	});

	test('a reply takes its number in the room, and stands below what it answers', async () => {
		const room = new Room();
		room.post(1);
		const timeline = new Timeline(room);
		await timeline.load();
		const came: number[] = [];
		timeline.onArrived = (m) => came.push(m.seq);
		timeline.receive(reply(2));
		expect(timeline.seq).toBe(2);
		expect(timeline.messages.map((m) => m.seq)).toEqual([1]);
		expect(timeline.messages[0]!.thread?.replies).toBe(1);
		timeline.receive(posted(3));
		expect(came).toEqual([3]);
	});

	test('a thread holds its own and nothing else', async () => {
		const room = new Room();
		room.post(1);
		const timeline = new Timeline({
			page: room.page,
			changes: room.changes,
			holds: (m) => m.threadId === 'm1' || m.id === 'm1'
		});
		await timeline.load();
		timeline.receive(posted(2));
		timeline.receive(reply(3));
		expect(timeline.messages.map((m) => m.seq)).toEqual([1, 3]);
		expect(timeline.messages[0]!.thread?.replies).toBe(2);
	});
});

describe('asked for several things at once', () => {
	/** A source whose pages come when the test says so. */
	function slowly() {
		const answers: (() => void)[] = [];
		const page: Source['page'] = async (where) => {
			await new Promise<void>((done) => answers.push(done));
			return room.page(where);
		};
		return { answers, slow: new Timeline({ page, changes: room.changes }) };
	}
	const shown = (t: Timeline) => [t.messages[0]?.seq, t.messages.at(-1)?.seq];

	test('shows what was asked for last, in whatever order it comes', async () => {
		room.post(200);
		const { answers, slow } = slowly();
		const both = [slow.load({ around: 50 }), slow.load({ around: 150 })];
		answers[1]!();
		await both[1];
		answers[0]!();
		await both[0];
		expect(shown(slow)).toEqual([125, 175]);
		expect(slow.loads).toBe(1);
	});

	test('an earlier one that fails is nobody’s trouble, and what was there stays where the last one fails', async () => {
		room.post(200);
		const { answers, slow } = slowly();
		const first = slow.load();
		answers.shift()!();
		await first;
		const both = [slow.load({ around: 50 }), slow.load({ around: 100 })];
		room.broken = true;
		answers.forEach((answer) => answer());
		await expect(both[0]).resolves.toBeUndefined();
		await expect(both[1]).rejects.toThrow('no answer');
		expect(slow.loaded).toBe(true);
		expect(shown(slow)).toEqual([151, 200]);
		room.broken = false;
		slow.receive(room.post());
		expect(shown(slow)).toEqual([151, 201]);
	});

	test('a page of history that belongs to what was shown before is dropped', async () => {
		room.post(200);
		const { answers, slow } = slowly();
		const next = () => answers.shift()!();
		const first = slow.load();
		next();
		await first;
		const older = slow.older();
		const jump = slow.load({ around: 30 });
		answers.pop()!();
		await jump;
		next();
		expect(await older).toBe(false);
		expect(shown(slow)).toEqual([5, 55]);
	});

	test('what a fill brings while all is loaded anew is not lost', async () => {
		room.post(3);
		await timeline.load();
		room.post(2);
		const filling = timeline.fill();
		const loading = timeline.load();
		room.post();
		await Promise.all([filling, loading]);
		timeline.head(6);
		await settle();
		expect(seqs()).toEqual(upTo(6));
	});
});
