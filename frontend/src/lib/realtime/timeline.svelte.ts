// The messages of one room as this reader has them: in order, each once, with nothing missing.
//
// Every post, edit and deletion in a room has the next number of that room. The timeline has seen all of them up to
// #seq. The next number is applied at once; a later one is held back while what lies between is fetched; an earlier one
// is dropped, for it has been seen.
import type { Change, Changes, Message, MessagePage } from '#lib/api/types.ts';
import { keepMine } from '#lib/reactions.ts';
import { backoff } from './backoff.ts';

type Where = { before?: number; after?: number; around?: number; at?: string; limit?: number };
/** Where a room is opened: at a message, at a moment (RFC 3339), or at the newest. */
export type Opening = { around?: number; at?: string };

export type Source = {
	page: (where: Where) => Promise<MessagePage>;
	changes: (after: number) => Promise<Changes>;
	/** What of the room's messages is shown: by default all but the replies in threads. */
	holds?: (message: Message) => boolean;
};

const PAGE = 50;

export class Timeline {
	/** Ascending by seq. A page of history, or the newest messages when hasAfter is false. */
	messages = $state.raw<Message[]>([]);
	hasBefore = $state(false);
	hasAfter = $state(false);
	loaded = $state(false);
	/** How often it was loaded: each time the messages are others, and not more of the same. */
	loads = $state(0);

	/** The number of a message that the reader has before them, asked for where all has to be loaded anew. */
	reader: () => number | undefined = () => undefined;
	/** Called with each message that has just come, never with history; also where the newest are not shown. */
	onArrived: (message: Message) => void = () => {};

	#source: Source;
	#seq = 0;
	// Nothing on the screen depends on it.
	// eslint-disable-next-line svelte/prefer-svelte-reactivity
	#held = new Map<number, Change>();
	#filling: Promise<void> | undefined;
	#known = 0;
	#failures = 0;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#paging = false;
	/** What was applied while a page of history was on its way: the page may be older than that. */
	#meanwhile: Change[] | undefined;
	/** How often a load was asked for: only the last one counts. */
	#asked = 0;
	#closed = false;

	constructor(source: Source) {
		this.#source = source;
	}

	/** The number up to which nothing is missing: what to subscribe after. */
	get seq(): number {
		return this.#seq;
	}

	/**
	 * load fetches the newest messages, or those around one of them or a moment. `before` runs before anybody sees them.
	 * What was asked for last is shown, in whatever order the answers come; an earlier one then is as if never asked.
	 */
	async load(opening: Opening = {}, before?: () => void): Promise<void> {
		// Whatever comes while the page is on its way is held, and judged by the page's head.
		const asked = ++this.#asked;
		this.loaded = false;
		let page: MessagePage;
		try {
			page = await this.#source.page({ ...opening, limit: PAGE });
		} catch (thrown) {
			if (asked !== this.#asked) return;
			// What was there stays, and goes on from where it was.
			this.loaded = this.loads > 0;
			if (this.loaded) this.#drain();
			throw thrown;
		}
		if (this.#closed || asked !== this.#asked) return;
		this.messages = page.items;
		this.hasBefore = page.hasBefore;
		this.hasAfter = page.hasAfter;
		this.#seq = page.head;
		before?.();
		this.loaded = true;
		this.loads++;
		this.#drain();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#retry);
	}

	/** receive takes one change from the live connection, in whatever order it comes. */
	receive(change: Change): void {
		if (!this.loaded) this.#held.set(change.seq, change);
		else if (change.seq > this.#seq) {
			this.#held.set(change.seq, change);
			this.#drain();
		}
	}

	/** head is told how far the room has got, by a heartbeat or on subscribing. */
	head(seq: number): void {
		this.#known = Math.max(this.#known, seq);
		if (this.loaded && this.#known > this.#seq) void this.fill();
	}

	/** fill fetches whatever happened after what we have. Calls while it runs share its work. */
	fill(): Promise<void> {
		if (!this.loaded) return Promise.resolve();
		this.#filling ??= this.#fill().finally(() => (this.#filling = undefined));
		return this.#filling;
	}

	async #fill(): Promise<void> {
		clearTimeout(this.#retry);
		try {
			for (;;) {
				const { items, head, reload } = await this.#source.changes(this.#seq);
				if (this.#closed) return;
				// All is being loaded anew: its head judges what came.
				if (!this.loaded) return items.forEach((change) => this.#held.set(change.seq, change));
				if (reload) {
					const around = this.reader();
					await this.load(around === undefined ? {} : { around });
					break;
				}
				for (const change of items) this.#held.set(change.seq, change);
				const before = this.#seq;
				this.#drain(true);
				// Nothing new although the head is ahead: the next heartbeat asks again.
				if (this.#seq >= head || this.#seq === before) break;
			}
			this.#failures = 0;
		} catch {
			if (!this.#closed) this.#retry = setTimeout(() => void this.fill(), backoff(this.#failures++));
		}
	}

	/** #drain applies what is held as far as it goes without a gap, and fetches across the gap if one is left. */
	#drain(filled = false): void {
		for (const seq of this.#held.keys()) if (seq <= this.#seq) this.#held.delete(seq);
		let next: Change | undefined;
		while ((next = this.#held.get(this.#seq + 1))) {
			this.#held.delete(next.seq);
			this.#seq = next.seq;
			this.#apply(next);
		}
		if (this.#held.size > 0 && !filled) void this.fill();
	}

	#apply(change: Change): void {
		this.#meanwhile?.push(change);
		const { type, message } = change;
		if (message) this.#hang(message);
		if (type === 'gone') {
			this.messages = this.messages.filter((m) => m.seq !== change.seq);
		} else if (message && type === 'message') {
			if (!this.#holds(message) || this.messages.some((m) => m.id === message.id)) return;
			if (!this.hasAfter) this.messages = [...this.messages, message];
			this.onArrived(message);
		} else if (message) {
			this.replace(message);
		}
	}

	#holds = (message: Message) => (this.#source.holds ?? ((m) => !m.threadId))(message);

	/** #hang puts what a reply says of its thread below the message that it answers. */
	#hang({ threadId, thread }: Message): void {
		if (threadId && this.messages.some((m) => m.id === threadId))
			this.messages = this.messages.map((m) => (m.id === threadId ? { ...m, thread } : m));
	}

	/** replace puts a newer version in a message's place; an older one changes nothing. */
	replace(message: Message): void {
		this.messages = this.messages.map((m) =>
			m.id === message.id && m.version <= message.version ? keepMine(m, message) : m
		);
	}

	/** sent takes the server's answer to our own message, which may come before or after the live one. */
	sent(message: Message): void {
		this.receive({ type: 'message', room: message.roomId, seq: message.seq, message });
	}

	older = () => this.#turn(this.hasBefore, { before: this.messages[0]?.seq, limit: PAGE });
	newer = () => this.#turn(this.hasAfter, { after: this.messages.at(-1)?.seq, limit: PAGE });

	/** #turn fetches one more page of history. It tells whether there was one. */
	async #turn(more: boolean, where: Where): Promise<boolean> {
		if (!more || this.#paging || !this.loaded) return false;
		this.#paging = true;
		this.#meanwhile = [];
		const { loads } = this;
		try {
			const page = await this.#source.page(where);
			if (this.#closed || this.loads !== loads) return false;
			const fresh = page.items.filter((m) => !this.messages.some((have) => have.id === m.id));
			if (where.before !== undefined) {
				this.messages = [...fresh, ...this.messages];
				this.hasBefore = page.hasBefore;
			} else {
				this.messages = [...this.messages, ...fresh];
				this.hasAfter = page.hasAfter;
			}
			for (const change of this.#meanwhile) if (change.message) this.#catchUp(change);
			return true;
		} finally {
			this.#paging = false;
			this.#meanwhile = undefined;
		}
	}

	/** #catchUp repeats a change on messages that came with a page fetched before it happened. */
	#catchUp({ type, message }: Change): void {
		if (!message) return;
		this.#hang(message);
		const have = this.messages.some((m) => m.id === message.id);
		if (have) this.replace(message);
		else if (type === 'message' && !this.hasAfter && this.#holds(message))
			this.messages = [...this.messages, message].sort((a, b) => a.seq - b.seq);
	}
}
