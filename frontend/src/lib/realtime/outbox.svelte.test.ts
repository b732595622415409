import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Message } from '#lib/api/types.ts';
import { noAnswer, Problem } from '#lib/api/problem.ts';
import { Outbox, STALE } from './outbox.svelte.ts';
import { openStore, type OutboxStore, type Waiting } from './outboxStore.ts';

let person = 0;
let store: OutboxStore;
let server: { clientId: string; body: string }[];
let trouble: (() => Problem | undefined)[];
let opened: Outbox[];

/** What the server does with a message: keeps it once for each clientId, after whatever trouble comes first. */
async function send({ clientId, body }: Waiting): Promise<Message> {
	await new Promise((r) => setTimeout(r, 1));
	const problem = trouble.shift()?.();
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
	store = await openStore(`test-${Date.now()}-${person}`);
	server = [];
	trouble = [];
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
