import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Message } from '#lib/api/types.ts';
import { noAnswer, Problem } from '#lib/api/problem.ts';
import { Outbox, STALE } from './outbox.svelte.ts';
import { openStore, type OutboxStore, type Waiting } from './outboxStore.ts';

let person = 0;
let name: string;
let store: OutboxStore;
let server: { clientId: string; body: string }[];
let trouble: (() => Problem | undefined)[];
let opened: Outbox[];

/** What is done to a message before the server has it: it is refused, or held. */
let refuse: (entry: Waiting) => Problem | undefined;
let hold: (entry: Waiting) => Promise<void> | undefined;

/** What the server does with a message: keeps it once for each clientId, after whatever trouble comes first. */
async function send(entry: Waiting): Promise<Message> {
	const { clientId, body } = entry;
	await (hold(entry) ?? new Promise((r) => setTimeout(r, 1)));
	const problem = refuse(entry) ?? trouble.shift()?.();
	if (problem) throw problem;
	if (!server.some((m) => m.clientId === clientId)) server.push({ clientId, body });
	return { clientId, body } as Message;
}

function open(sent: (m: Message) => void = () => {}) {
	const outbox = new Outbox({ store, send, sent, name: `test-${person}` });
	opened.push(outbox);
	return outbox;
}
const bodies = () => server.map((m) => m.body);

beforeEach(async () => {
	person++;
	name = `test-${Date.now()}-${person}`;
	store = await openStore(name);
	server = [];
	trouble = [];
	refuse = hold = () => undefined;
	opened = [];
	vi.spyOn(Math, 'random').mockReturnValue(0.02); // short waits
});
afterEach(async () => {
	await Promise.all(opened.map((o) => o.close()));
	await store.clear();
	vi.restoreAllMocks();
});

describe('an outbox', () => {
	test('sends in the order of writing and is empty after', async () => {
		const sent = vi.fn();
		const outbox = open(sent);
		await Promise.all(['one', 'two', 'three'].map((body) => outbox.add('9', body)));
		await vi.waitFor(() => expect(outbox.waiting).toEqual([]));
		expect(bodies()).toEqual(['one', 'two', 'three']);
		expect(sent).toHaveBeenCalledTimes(3);
	});

	test('shows a message at once, before anything is stored', () => {
		const outbox = open();
		void outbox.add('9', 'hello');
		expect(outbox.waiting.map((w) => w.body)).toEqual(['hello']);
	});

	test('keeps everything while there is no network, and the order', async () => {
		const outbox = open();
		trouble = [noAnswer, noAnswer, noAnswer];
		await outbox.add('9', 'one');
		await outbox.add('9', 'two');
		await vi.waitFor(() => expect(bodies()).toEqual(['one', 'two']));
		await vi.waitFor(() => expect(outbox.waiting).toEqual([]));
	});

	test('survives a reload', async () => {
		const first = open();
		trouble = [noAnswer];
		await first.add('9', 'written on a train');
		await first.close();
		const second = open();
		await second.open();
		await vi.waitFor(() => expect(bodies()).toEqual(['written on a train']));
	});

	test('puts a refused message aside, says why, and goes on', async () => {
		const outbox = open();
		trouble = [() => new Problem('room-archived', 409, '')];
		await outbox.add('9', 'too late');
		await outbox.add('9', 'fine');
		await vi.waitFor(() => expect(bodies()).toEqual(['fine']));
		expect(outbox.waiting).toMatchObject([{ body: 'too late', failed: 'room-archived' }]);

		await outbox.retry(outbox.waiting[0]!.clientId);
		await vi.waitFor(() => expect(bodies()).toEqual(['fine', 'too late']));
		await vi.waitFor(() => expect(outbox.waiting).toEqual([]));
	});

	test('forgets what is discarded', async () => {
		const outbox = open();
		trouble = [() => new Problem('not-allowed', 403, '')];
		await outbox.add('9', 'no');
		await vi.waitFor(() => expect(outbox.waiting[0]?.failed).toBe('not-allowed'));
		await outbox.discard(outbox.waiting[0]!.clientId);
		await vi.waitFor(() => expect(outbox.waiting).toEqual([]));
		expect(await store.all()).toEqual([]);
	});

	test('asks before it sends what is older than a day', async () => {
		await store.put({ clientId: 'c', room: '9', body: 'from Monday', at: Date.now() - STALE - 1 });
		const outbox = open();
		await outbox.open();
		await vi.waitFor(() => expect(outbox.waiting[0]?.failed).toBe('old-message'));
		expect(server).toEqual([]);
		await outbox.retry('c');
		await vi.waitFor(() => expect(bodies()).toEqual(['from Monday']));
	});

	test('waits for a new sign-in rather than fail', async () => {
		const outbox = open();
		trouble = [() => new Problem('sign-in', 401, '')];
		await outbox.add('9', 'later');
		await vi.waitFor(() => expect(trouble).toEqual([]));
		await new Promise((r) => setTimeout(r, 20));
		expect(outbox.waiting).toMatchObject([{ body: 'later' }]);
		expect(outbox.waiting[0]!.failed).toBeUndefined();
		await outbox.flush();
		expect(bodies()).toEqual(['later']);
	});

	test('goes on in other rooms while one is in trouble, and keeps the order in each', async () => {
		const outbox = open();
		const sick = noAnswer();
		let healed = false;
		refuse = (entry) => (entry.room === '8' && !healed ? sick : undefined);
		for (const [room, body] of [
			['8', 'one'],
			['9', 'two'],
			['8', 'three'],
			['9', 'four']
		] as const)
			await outbox.add(room, body);
		await vi.waitFor(() => expect(bodies()).toEqual(['two', 'four']));
		expect(outbox.waiting.map((w) => w.body)).toEqual(['one', 'three']);
		healed = true;
		await outbox.flush();
		await vi.waitFor(() => expect(bodies()).toEqual(['two', 'four', 'one', 'three']));
	});

	test('does not wait in one room for a message that hangs in another', async () => {
		const outbox = open();
		let release = () => {};
		hold = (entry) => (entry.body === 'hangs' ? new Promise<void>((r) => (release = r)) : undefined);
		await outbox.add('8', 'hangs');
		await vi.waitFor(() => expect(outbox.sending.size).toBe(1));
		await outbox.add('9', 'goes');
		await vi.waitFor(() => expect(bodies()).toEqual(['goes']));
		release();
		await vi.waitFor(() => expect(bodies()).toEqual(['goes', 'hangs']));
	});

	test('gives nothing back that is on its way, from another tab neither', async () => {
		const [one, two] = [open(), open()];
		let release = () => {};
		hold = () => new Promise<void>((r) => (release = r));
		const { clientId } = await one.add('9', 'said');
		await vi.waitFor(() => expect(one.sending.has(clientId)).toBe(true));
		const back = vi.fn();
		expect(await one.discard(clientId, back)).toBe(false);
		expect(await two.discard(clientId, back)).toBe(false);
		expect(back).not.toHaveBeenCalled();
		hold = () => undefined;
		release();
		await vi.waitFor(() => expect(bodies()).toEqual(['said']));

		refuse = () => noAnswer();
		const waits = await one.add('9', 'not yet');
		await vi.waitFor(() => expect(one.sending.size).toBe(0));
		await vi.waitFor(async () => expect(await two.discard(waits.clientId, back)).toBe(true));
		expect(back).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ body: 'not yet' }));
		await vi.waitFor(() => expect(one.waiting).toEqual([]));
	});

	test('in two tabs sends each message once', async () => {
		const [one, two] = [open(), open()];
		await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? one : two).add('9', `${i}`)));
		await Promise.all([one.flush(), two.flush()]);
		expect(bodies().sort()).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
		await vi.waitFor(() => expect([...one.waiting, ...two.waiting]).toEqual([]));
	});
});

test('what the browser will not keep is not shown as waiting', async () => {
	const outbox = open();
	await outbox.open();
	vi.spyOn(store, 'put').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
	await expect(outbox.add('9', 'too much')).rejects.toThrow('full');
	expect(outbox.waiting).toEqual([]);
	expect(bodies()).toEqual([]);
});

test('a store that the browser has closed is opened again', async () => {
	const entry = { clientId: 'c', room: '9', body: 'kept', at: 1 };
	await store.put(entry);
	// As when somebody signs out in another tab, or clears the site's data.
	await new Promise((done) => (indexedDB.deleteDatabase(`guildhall-${name}`).onsuccess = done));
	expect(await store.all()).toEqual([]);
	await store.put(entry);
	expect(await store.all()).toEqual([entry]);
});

test('a store that does not open is not waited for', async () => {
	vi.spyOn(indexedDB, 'open').mockReturnValue(new EventTarget() as IDBOpenDBRequest);
	const other = await openStore('never');
	await other.put({ clientId: 'c', room: '9', body: 'kept', at: 1 });
	expect(await other.all()).toHaveLength(1);
}, 15_000);
