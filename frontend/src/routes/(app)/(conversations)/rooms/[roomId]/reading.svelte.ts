// How far somebody has read in the room that is open: what is new to them, and what the server is told.
import type { Message, ReadMark } from '#lib/api/types.ts';

type Server<M> = {
	read: (seq: number) => Promise<M>;
	/** Where something can be marked as unread again. */
	unread?: (seq: number) => Promise<M>;
	/** Takes what the server has kept. */
	kept: (mark: M) => void;
};

/** What comes to be read within this time is one word to the server, in milliseconds. */
const PAUSE = 300;

/** isNews tells what can be unread: words of somebody else, and no notice of who came and went. */
export const isNews = (m: Message, me: string) => m.author.id !== me && !m.notice;

export class Reading<M = ReadMark> {
	/** What was new on opening begins above this number; undefined where nothing was. */
	newAfter = $state<number>();
	/** The last number that has been above the lower edge of the screen. */
	passed = $state(0);
	/** A link led past what is new: none of it counts as read until the reader has been there, or says so. */
	skipped = $state(false);

	#server: Server<M>;
	#opened: { lastReadSeq: number; head: number };
	/** How many were new on opening, until the reader has been at the end. */
	#unread = $state(0);
	#arrived = $state.raw<number[]>([]);
	#seen: number;
	#told: number;
	/** Something was marked as unread: nothing counts as read until the room is opened again. */
	#held = false;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#asked: Promise<void> = Promise.resolve();

	constructor(room: { lastReadSeq: number; unread: number; head: number }, server: Server<M>) {
		this.#server = server;
		this.#opened = room;
		this.#unread = room.unread;
		this.#seen = this.#told = room.lastReadSeq;
		if (room.unread > 0) this.newAfter = room.lastReadSeq;
	}

	/** seen says that somebody has read up to a message. */
	seen(seq: number): void {
		if (this.skipped) return;
		this.#seen = Math.max(this.#seen, seq);
		if (this.#held || this.#seen <= this.#told) return;
		this.#timer ??= setTimeout(() => this.#tell(), PAUSE);
	}

	/** again tells the server what it could not be told. */
	again(): void {
		this.seen(this.#seen);
	}

	#tell(): void {
		this.#timer = undefined;
		if (this.#held || this.#seen <= this.#told) return;
		const before = this.#told;
		this.#told = this.#seen;
		// Told again with the next message that is seen, or when the line is up again.
		this.#ask(() => this.#server.read(this.#seen)).catch(() => (this.#told = Math.min(this.#told, before)));
	}

	/** unreadFrom marks a message, and all after it, as unread. It fails as the server does. */
	async unreadFrom(seq: number): Promise<void> {
		const { unread } = this.#server;
		if (!unread) return;
		this.#hold();
		await this.#ask(() => unread(seq));
		this.newAfter = seq - 1;
	}

	/** heard takes what the same person has told, on any device. */
	heard({ lowered }: { lowered?: boolean }): void {
		if (lowered) this.#hold();
	}

	#hold(): void {
		this.#held = true;
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	/** #ask asks one thing after another, so that an earlier word never overtakes a later one. */
	#ask(word: () => Promise<M>): Promise<void> {
		const asked = this.#asked.then(word).then(this.#server.kept);
		this.#asked = asked.catch(() => {});
		return asked;
	}

	/** skip says that a link led to a message: beyond the first new one, that is past it. */
	skip(to: number): void {
		if (this.newAfter !== undefined && to > this.newAfter + 1) this.skipped = true;
	}

	/** arrived counts a message of somebody else that has just come. */
	arrived(seq: number): void {
		this.#arrived = [...this.#arrived, seq];
	}

	/** atEnd says that the reader has everything before them. */
	atEnd(): void {
		if (this.#unread > 0) this.#unread = 0;
		if (this.#arrived.length > 0) this.#arrived = [];
	}

	/** below counts what is new and further down than the reader has been; 100 stands for 100 or more. */
	below(messages: Message[], me: string): number {
		const { head, lastReadSeq } = this.#opened;
		const news = messages.filter((m) => m.seq > lastReadSeq && m.seq <= head && isNews(m, me) && m.deletedAt === null);
		const had = news.filter((m) => m.seq <= this.passed).length;
		let left = Math.max(0, this.#unread - had);
		if (this.#unread === 100) left = 100;
		// What lies above is not known to be loaded.
		if (this.skipped) left = Math.min(left, news.length - had);
		return Math.min(100, left + this.#arrived.filter((seq) => seq > this.passed).length);
	}

	close(): void {
		clearTimeout(this.#timer);
		// What was read in the last moment counts too.
		if (this.#timer) this.#tell();
	}
}
