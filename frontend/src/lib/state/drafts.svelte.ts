// What is half written, in each room and thread: the same on all devices of its writer. Words that the server does not
// have yet are kept in this browser, and nobody's words are put in the place of others without a word.
import { SvelteMap } from 'svelte/reactivity';
import { keepDraft, listDrafts } from '#lib/api/endpoints.ts';
import { asProblem } from '#lib/api/problem.ts';
import type { StoredDraft } from '#lib/api/types.ts';
import type { OutboxStore } from '#lib/realtime/outboxStore.ts';
import { uuid7 } from '#lib/realtime/uuid.ts';
import { live } from './live.svelte.ts';

/** So long after the last key the server is told, in milliseconds. */
const REST = 1000;
/** So long after a refusal that passes it is tried again, at least. */
const AGAIN = 5000;

export type Draft = {
	body: string;
	/** The server's version that it stands on. */
	version: number;
	/** The server does not have it yet. */
	unkept: boolean;
	/** What another device wrote meanwhile. Nothing is kept until the writer has chosen. */
	theirs?: { body: string; version: number };
};

const none: Draft = { body: '', version: 0, unkept: false };
const keyOf = (room: string, thread?: string) => (thread ? `${room}:${thread}` : room);

export class Drafts {
	#all = new SvelteMap<string, Draft>();
	#store: OutboxStore | undefined;
	#device = uuid7();
	#timers: Record<string, ReturnType<typeof setTimeout>> = {};
	#saving: Record<string, boolean> = {};
	/** What was there before is known. Until then nothing goes to the server, where it would replace it unseen. */
	#loaded = false;
	#stop = new AbortController();

	/** open reads what was left in this browser and what the server has, and follows the other devices. */
	async open(store: OutboxStore): Promise<void> {
		this.#store = store;
		this.#stop = new AbortController();
		const { signal } = this.#stop;
		const unlisten = live.listen((frame) => {
			if (frame.type === 'draft' && frame.device !== this.#device) this.#receive(frame.draft);
			if (frame.type === 'hello') void this.#load();
		});
		signal.addEventListener('abort', unlisten);
		addEventListener('pagehide', () => this.flush(true), { signal });
		document.addEventListener('visibilitychange', () => document.hidden && this.flush(true), { signal });
		for (const { key, body, version } of await store.drafts())
			if (version !== undefined && !this.#all.has(key)) this.#all.set(key, { body, version, unkept: true });
		if (!signal.aborted) await this.#load();
	}

	close(): void {
		this.#stop.abort();
		Object.values(this.#timers).forEach(clearTimeout);
		this.#all.clear();
		this.#loaded = false;
		this.#store = undefined;
	}

	of = (room: string, thread?: string): Draft => this.#all.get(keyOf(room, thread)) ?? none;

	/** has says whether something is half written in a room or one of its threads. */
	has(room: string): boolean {
		for (const [key, { body }] of this.#all) if (body && (key === room || key.startsWith(`${room}:`))) return true;
		return false;
	}

	/** keep takes what is written now. It is in this browser at once, and with the server when the writer rests. */
	keep(room: string, thread: string | undefined, body: string): void {
		const key = keyOf(room, thread);
		const was = this.#all.get(key) ?? none;
		if (was.body === body) return;
		this.#set(key, { ...was, body, unkept: true });
		this.#later(key, REST);
	}

	/** before puts words in front of what is half written. */
	before(room: string, body: string, thread?: string): void {
		const was = this.of(room, thread).body;
		this.keep(room, thread, was ? `${body}\n\n${was}` : body);
	}

	/** sent forgets what has been sent. What another device wrote comes in its place. */
	sent(room: string, thread?: string): void {
		const key = keyOf(room, thread);
		if (this.of(room, thread).theirs) return this.choose(room, thread, 'theirs');
		this.keep(room, thread, '');
		void this.#save(key);
	}

	/** choose settles which of two drafts goes on: the one that is here, or the other device's. */
	choose(room: string, thread: string | undefined, which: 'mine' | 'theirs'): void {
		const key = keyOf(room, thread);
		const { body, theirs } = this.of(room, thread);
		if (!theirs) return;
		if (which === 'theirs') return this.#set(key, { ...theirs, unkept: false });
		this.#set(key, { body, version: theirs.version, unkept: true });
		void this.#save(key);
	}

	/** flush tells the server at once; `leaving`, in a way that outlives the page. */
	flush(leaving = false): void {
		for (const [key, { unkept }] of this.#all) if (unkept) void this.#save(key, leaving);
	}

	#set(key: string, draft: Draft): void {
		this.#all.set(key, draft);
		// Where the browser keeps nothing, the server has it a second later.
		const { body, version } = draft;
		const kept = draft.unkept ? this.#store?.putDraft({ key, body, version }) : this.#store?.removeDraft(key);
		void kept?.catch(() => {});
	}

	#later(key: string, wait: number): void {
		clearTimeout(this.#timers[key]);
		this.#timers[key] = setTimeout(() => void this.#save(key), wait);
	}

	async #save(key: string, keepalive = false): Promise<void> {
		clearTimeout(this.#timers[key]);
		const draft = this.#all.get(key);
		if (!draft?.unkept || draft.theirs || !this.#loaded || this.#saving[key]) return;
		const { signal } = this.#stop;
		const [room = '', threadId] = key.split(':');
		const { body } = draft;
		this.#saving[key] = true;
		let wait: number | undefined;
		try {
			const { version } = await keepDraft(room, { threadId, body, device: this.#device }, keepalive);
			const now = this.#all.get(key);
			if (signal.aborted || !now) return;
			// A word of another device that came while ours was on its way was before ours, or is newer.
			const theirs = now.theirs && now.theirs.version > version ? now.theirs : undefined;
			const unkept = now.body !== body || theirs !== undefined;
			this.#set(key, { body: now.body, version: Math.max(version, now.version), unkept, theirs });
			if (unkept) wait = REST;
		} catch (thrown) {
			const problem = asProblem(thrown);
			// Without a network the line's coming back tells when.
			if (problem.passing && problem.status !== 0) wait = Math.max(AGAIN, problem.retryAfter * 1000);
		} finally {
			this.#saving[key] = false;
		}
		if (wait !== undefined && !signal.aborted) this.#later(key, wait);
	}

	/** load asks for all that the server has. What is not among it was emptied elsewhere. */
	async #load(): Promise<void> {
		const { signal } = this.#stop;
		const before = [...this.#all];
		try {
			const { items } = await listDrafts();
			if (signal.aborted) return;
			this.#loaded = true;
			for (const draft of items) this.#receive(draft);
			const listed = items.map((d) => keyOf(d.roomId, d.threadId));
			for (const [key, was] of before)
				if (!listed.includes(key) && !was.unkept && was.body && this.#all.get(key) === was)
					this.#set(key, { body: '', version: was.version, unkept: false });
			this.flush();
		} catch {
			// Asked again when the line is up.
		}
	}

	#receive({ roomId, threadId, body, version }: StoredDraft): void {
		const key = keyOf(roomId, threadId);
		const was = this.#all.get(key) ?? none;
		if (version <= (was.theirs?.version ?? was.version)) return;
		if (!was.unkept || was.body === body) return this.#set(key, { body, version, unkept: false });
		// Emptied there, for it was sent or thrown away: what is written here stands.
		if (!body) return this.#set(key, { ...was, version, theirs: undefined });
		this.#set(key, { ...was, theirs: { body, version } });
	}
}

export const drafts = new Drafts();
