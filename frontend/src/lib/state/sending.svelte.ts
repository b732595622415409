// The outbox of the person who is signed in, and what they half wrote in the forum.
import { postMessage } from '#lib/api/endpoints.ts';
import { asProblem } from '#lib/api/problem.ts';
import type { Message } from '#lib/api/types.ts';
import { uploads } from '#lib/files/uploads.svelte.ts';
import { Outbox } from '#lib/realtime/outbox.svelte.ts';
import { openStore, type OutboxStore, type Waiting } from '#lib/realtime/outboxStore.ts';
import { drafts } from './drafts.svelte.ts';

/** withFiles sends a message once its files are there. */
async function withFiles(entry: Waiting): Promise<Message> {
	const files = entry.files ?? [];
	try {
		const attachments: string[] = [];
		for (const file of files) attachments.push(await uploads.of(entry.room, file).finish());
		const message = await postMessage(entry.room, { ...entry, attachments: files.length ? attachments : undefined });
		files.forEach(({ key }) => uploads.forget(key, true));
		return message;
	} catch (thrown) {
		// They lay there for too long. Asked again, they come again.
		if (asProblem(thrown).slug === 'files-gone') files.forEach(({ key }) => uploads.forget(key, true));
		throw thrown;
	}
}

/** Takes words back into the box of a room, or of a thread in it, if it is open. */
type Taker = (room: string, body: string, thread?: string) => boolean;

class Sending {
	outbox = $state.raw<Outbox>();
	#store: OutboxStore | undefined;
	#listeners = new Set<(message: Message) => void>();
	#takers = new Set<Taker>();

	async open(person: string): Promise<void> {
		if (this.outbox) return;
		this.#store = await openStore(person);
		this.outbox = new Outbox({
			store: this.#store,
			send: withFiles,
			sent: (message) => this.#listeners.forEach((tell) => tell(message)),
			name: person
		});
		void drafts.open(this.#store);
		await this.outbox.open();
	}

	/** onSent is told of each message that the server has taken from this tab. */
	onSent(tell: (message: Message) => void): () => void {
		this.#listeners.add(tell);
		return () => void this.#listeners.delete(tell);
	}

	/** onTakenBack is asked first for a message that its writer wants to change: whoever has the box of its room open takes it. */
	onTakenBack(take: Taker): () => void {
		this.#takers.add(take);
		return () => void this.#takers.delete(take);
	}

	/** takeBack gives a message that waits back to its writer: into the box of its room, or before the draft that is kept for it. */
	async takeBack(clientId: string): Promise<void> {
		const entry = this.outbox?.waiting.find((w) => w.clientId === clientId);
		if (!entry) return;
		if (![...this.#takers].some((take) => take(entry.room, entry.body, entry.threadId))) {
			drafts.before(entry.room, entry.body, entry.threadId);
		}
		if (entry.files) uploads.chosen(entry.room, entry.threadId).put(entry.files);
		await this.outbox?.discard(clientId);
	}

	/** draft gives what is half written in the forum, which is kept in this browser alone. */
	draft = async (key: string) => (await this.#store?.drafts())?.find((d) => d.key === key)?.body ?? '';
	keepDraft = (key: string, body: string) =>
		body ? this.#store?.putDraft({ key, body }) : this.#store?.removeDraft(key);

	/** forget stops, and on `clear` also deletes everything that is kept in this browser: the computer may be shared. */
	async forget(clear: boolean): Promise<void> {
		uploads.clear();
		drafts.close();
		await this.outbox?.close();
		if (clear) await this.#store?.clear();
		this.outbox = this.#store = undefined;
	}
}

export const sending = new Sending();
