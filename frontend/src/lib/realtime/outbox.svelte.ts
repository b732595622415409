// Messages that were sent by their writer and not yet acknowledged by the server. They are kept in the browser first, so
// that neither a dead network nor a closed tab loses one, and go out in the order in which they were written.
import type { Message } from '#lib/api/types.ts';
import { asProblem } from '#lib/api/problem.ts';
import { backoff } from './backoff.ts';
import type { Extras, OutboxStore, Waiting } from './outboxStore.ts';
import { uuid7 } from './uuid.ts';

/** Older than this, a message is not sent before its writer has said so again. */
export const STALE = 24 * 60 * 60 * 1000;

type Parts = {
	store: OutboxStore;
	send: (entry: Waiting) => Promise<Message>;
	/** Told of each message that the server has taken. */
	sent: (message: Message) => void;
	/** Names the lock and the channel that the tabs of one person share. */
	name: string;
};

export class Outbox {
	/** In the order of writing; failed ones too, until they are retried or discarded. */
	waiting = $state.raw<Waiting[]>([]);
	/** The one that is on its way right now. */
	sending = $state<string>();

	#parts: Parts;
	#flushing: Promise<void> | undefined;
	#again = false;
	#failures = 0;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#channel: BroadcastChannel;
	#last = 0;
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

	/** close stops after the message that is on its way, if any. What waits stays in the store. */
	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#retry);
		this.#channel.close();
		await this.#flushing;
	}

	/** add keeps a message and sends it as soon as it can. */
	async add(room: string, body: string, extras: Extras = {}): Promise<Waiting> {
		// Never the same millisecond twice: the order of writing is the order of sending.
		this.#last = Math.max(Date.now(), this.#last + 1);
		const entry: Waiting = { ...extras, clientId: uuid7(this.#last), room, body, at: this.#last };
		this.waiting = [...this.waiting, entry];
		try {
			await this.#parts.store.put(entry);
		} catch (thrown) {
			// Not kept is not written: whoever typed it must still have it.
			this.waiting = this.waiting.filter((w) => w !== entry);
			throw thrown;
		}
		void this.flush();
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
		this.#failures = 0;
		void this.flush();
	}

	async discard(clientId: string): Promise<void> {
		await this.#parts.store.remove(clientId);
		await this.#changed();
	}

	/** flush sends what waits. One tab at a time does so; calls while it runs make it look once more. */
	flush(): Promise<void> {
		if (this.#closed) return Promise.resolve();
		this.#again = true;
		clearTimeout(this.#retry);
		this.#flushing ??= this.#locked().finally(() => (this.#flushing = undefined));
		return this.#flushing;
	}

	async #locked(): Promise<void> {
		while (this.#again) {
			this.#again = false;
			const work = () => this.#sendAll();
			if (navigator.locks) await navigator.locks.request(`guildhall-outbox-${this.#parts.name}`, work);
			else await work();
		}
	}

	async #sendAll(): Promise<void> {
		while (!this.#closed) {
			const entry = (await this.#parts.store.all()).find((w) => !w.failed);
			if (!entry) return;
			if (Date.now() - entry.at > STALE) {
				await this.#fail(entry, 'old-message');
				continue;
			}
			this.sending = entry.clientId;
			try {
				const message = await this.#parts.send(entry);
				this.#failures = 0;
				await this.#parts.store.remove(entry.clientId);
				// First the message, then its place in the outbox: in between there is no moment without it.
				this.#parts.sent(message);
				await this.#changed();
			} catch (thrown) {
				const problem = asProblem(thrown);
				// Signing in again makes it good, so it waits.
				if (problem.status === 401) return;
				if (problem.passing) return this.#later(problem.retryAfter * 1000);
				await this.#fail(entry, problem.slug);
			} finally {
				this.sending = undefined;
			}
		}
	}

	#later(atLeast: number): void {
		this.#again = false;
		if (this.#closed) return;
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => void this.flush(), Math.max(atLeast, backoff(this.#failures++)));
	}

	async #fail(entry: Waiting, why: string): Promise<void> {
		await this.#parts.store.put({ ...entry, failed: why });
		await this.#changed();
	}

	async #changed(): Promise<void> {
		if (this.#closed) return;
		this.#channel.postMessage('changed');
		await this.#read();
	}

	async #read(): Promise<void> {
		this.waiting = await this.#parts.store.all();
	}
}
