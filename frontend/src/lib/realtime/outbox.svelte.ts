// Messages that were sent by their writer and not yet acknowledged by the server. They are kept in the browser first, so
// that neither a dead network nor a closed tab loses one, and go out room by room, in each in the order of writing: what
// cannot be sent in one room holds up no other.
import { SvelteSet } from 'svelte/reactivity';
import type { Message } from '#lib/api/types.ts';
import { asProblem } from '#lib/api/problem.ts';
import { alone, ifNobody, Lane, type Outcome } from './lane.ts';
import type { Extras, OutboxStore, Waiting } from './outboxStore.ts';
import { uuid7 } from './uuid.ts';

/** Older than this, a message is not sent before its writer has said so again. */
export const STALE = 24 * 60 * 60 * 1000;

type Parts = {
	store: OutboxStore;
	send: (entry: Waiting) => Promise<Message>;
	/** Told of each message that the server has taken. */
	sent: (message: Message) => void;
	/** Names the locks and the channel that the tabs of one person share. */
	name: string;
};

export class Outbox {
	/** In the order of writing; failed ones too, until they are retried or discarded. */
	waiting = $state.raw<Waiting[]>([]);
	/** Those that are on their way from this tab right now, at most one of each room. */
	sending = new SvelteSet<string>();

	#parts: Parts;
	#lanes: Record<string, Lane> = {};
	#channel: BroadcastChannel;
	#last = 0;
	/** What is being put into the store right now. */
	#unkept: Waiting[] = [];
	#closed = false;

	constructor(parts: Parts) {
		this.#parts = parts;
		this.#channel = new BroadcastChannel(`guildhall-outbox-${parts.name}`);
		this.#channel.onmessage = () => void this.#read();
	}

	/** open shows what was left from before and tries to send it. */
	async open(): Promise<void> {
		await this.#read();
		void this.flush();
	}

	/** close stops after the messages that are on their way, if any. What waits stays in the store. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#channel.close();
		await Promise.all(Object.values(this.#lanes).map((lane) => lane.stop()));
	}

	/** add keeps a message and sends it as soon as it can. */
	async add(room: string, body: string, extras: Extras = {}): Promise<Waiting> {
		// Never the same millisecond twice: the order of writing is the order of sending.
		this.#last = Math.max(Date.now(), this.#last + 1);
		const entry: Waiting = { ...extras, clientId: uuid7(this.#last), room, body, at: this.#last };
		this.#unkept = [...this.#unkept, entry];
		this.waiting = [...this.waiting, entry];
		try {
			await this.#parts.store.put(entry);
		} catch (thrown) {
			// Not kept is not written: whoever typed it must still have it.
			this.waiting = this.waiting.filter((w) => w !== entry);
			throw thrown;
		} finally {
			this.#unkept = this.#unkept.filter((w) => w !== entry);
		}
		if (!this.#closed) this.#channel.postMessage('changed');
		void this.#lane(room).run();
		return entry;
	}

	/** retry tries again now. Of what had been put aside this is the writer's word that it shall go out. */
	async retry(clientId: string): Promise<void> {
		const entry = this.waiting.find((w) => w.clientId === clientId);
		if (!entry) return;
		if (entry.failed) {
			const { failed, ...again } = entry;
			if (failed === 'confirm-room') again.confirmRoom = true;
			// The same clientId, in case the server has it after all; a fresh time, for it has been asked for again.
			await this.#parts.store.put({ ...again, at: Math.max(Date.now(), entry.at) });
			await this.#changed();
		}
		this.#lane(entry.room).soon();
		void this.#lane(entry.room).run();
	}

	/**
	 * discard takes a message out, unless it is on its way, from this tab or another. `before` gets it first. It tells
	 * whether the message is out.
	 */
	discard(clientId: string, before: (entry: Waiting) => void = () => {}): Promise<boolean> {
		return ifNobody(lockOf(clientId), async () => {
			const entry = (await this.#parts.store.all()).find((w) => w.clientId === clientId);
			if (!entry) return this.#read();
			before(entry);
			await this.#parts.store.remove(clientId);
			await this.#changed();
		});
	}

	/** flush sends what waits, in all rooms at once, and in each one tab at a time. */
	async flush(): Promise<void> {
		if (this.#closed) return;
		const all = await this.#parts.store.all().catch(() => []);
		await Promise.all(all.filter((w) => !w.failed).map((w) => this.#lane(w.room).run()));
	}

	#lane(room: string): Lane {
		return (this.#lanes[room] ??= new Lane(`guildhall-outbox-${this.#parts.name}-${room}`, () => this.#sendNext(room)));
	}

	async #sendNext(room: string): Promise<Outcome> {
		const next = async () =>
			this.#closed ? undefined : (await this.#parts.store.all()).find((w) => w.room === room && !w.failed);
		const first = await next();
		if (!first) return 'nothing';
		return alone(lockOf(first.clientId), async () => {
			// Its writer may just have taken it back, in another tab.
			const entry = await next();
			return entry?.clientId === first.clientId ? this.#send(entry) : 'done';
		});
	}

	async #send(entry: Waiting): Promise<Outcome> {
		if (Date.now() - entry.at > STALE) return this.#fail(entry, 'old-message');
		this.sending.add(entry.clientId);
		try {
			const message = await this.#parts.send(entry);
			await this.#parts.store.remove(entry.clientId);
			// First the message, then its place in the outbox: in between there is no moment without it.
			this.#parts.sent(message);
			await this.#changed();
			return 'done';
		} catch (thrown) {
			const problem = asProblem(thrown);
			// Signing in again makes it good, so it waits.
			if (problem.status === 401) return 'nothing';
			if (problem.passing) return { wait: problem.retryAfter * 1000 };
			return this.#fail(entry, problem.slug);
		} finally {
			this.sending.delete(entry.clientId);
		}
	}

	async #fail(entry: Waiting, why: string): Promise<Outcome> {
		await this.#parts.store.put({ ...entry, failed: why });
		await this.#changed();
		return 'done';
	}

	async #changed(): Promise<void> {
		if (this.#closed) return;
		this.#channel.postMessage('changed');
		await this.#read();
	}

	async #read(): Promise<void> {
		const kept = await this.#parts.store.all();
		const has = (entry: Waiting) => kept.some((w) => w.clientId === entry.clientId);
		this.waiting = [...kept, ...this.#unkept.filter((w) => !has(w))];
	}
}

/** Held while a message is on its way, or is being taken back. */
const lockOf = (clientId: string) => `guildhall-message-${clientId}`;
