// The outbox of the person who is signed in, and what they half wrote in the forum.
import { postMessage } from '#lib/api/endpoints.ts';
import { asProblem, noAnswer } from '#lib/api/problem.ts';
import type { Message } from '#lib/api/types.ts';
import { uploads } from '#lib/files/uploads.svelte.ts';
import { Outbox } from '#lib/realtime/outbox.svelte.ts';
import { openStore, type Extras, type OutboxStore, type Waiting } from '#lib/realtime/outboxStore.ts';
import { t } from '#lib/text/text.svelte.ts';
import { drafts } from './drafts.svelte.ts';
import { notice } from './notice.svelte.ts';

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

type Opened = { outbox: Outbox; store: OutboxStore };

class Sending {
	/** Undefined until the browser has opened its store. */
	outbox = $state.raw<Outbox>();
	#opening: Promise<Opened> | undefined;
	#person = '';
	#store: OutboxStore | undefined;
	#listeners = new Set<(message: Message) => void>();
	#takers = new Set<Taker>();

	async open(person: string): Promise<void> {
		await (this.#opening ??= this.#open(person));
	}

	async #open(person: string): Promise<Opened> {
		this.#person = person;
		const store = await openStore(person);
		const outbox = new Outbox({
			store,
			send: withFiles,
			sent: (message) => this.#listeners.forEach((tell) => tell(message)),
			name: person
		});
		if (this.#person === person) {
			[this.outbox, this.#store] = [outbox, store];
			void drafts.open(store);
			await outbox.open().catch(() => {}); // what cannot be read now is read with the next change
		}
		return { outbox, store };
	}

	/** add keeps a message, once the store is open, and sends it. Where it cannot be kept it throws, and its writer still has it. */
	async add(room: string, body: string, extras: Extras): Promise<void> {
		if (!this.#opening) throw noAnswer();
		await (await this.#opening).outbox.add(room, body, extras);
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
	takeBack = (clientId: string): Promise<boolean> =>
		this.discard(clientId, ({ room, body, threadId, files }) => {
			if (![...this.#takers].some((take) => take(room, body, threadId))) drafts.before(room, body, threadId);
			if (files) uploads.chosen(room, threadId).put(files);
		});

	/** discard takes a message out of the outbox, or says that it is on its way. It tells whether it is out. */
	async discard(clientId: string, before?: (entry: Waiting) => void): Promise<boolean> {
		const out = (await this.outbox?.discard(clientId, before)) ?? false;
		if (!out) notice.say(t('room.onItsWay'));
		return out;
	}

	/** draft gives what is half written in the forum, which is kept in this browser alone. */
	draft = async (key: string) => (await this.#store?.drafts())?.find((d) => d.key === key)?.body ?? '';
	keepDraft = (key: string, body: string) =>
		body ? this.#store?.putDraft({ key, body }) : this.#store?.removeDraft(key);

	/** forget stops, and on `clear` also deletes everything that is kept in this browser: the computer may be shared. */
	async forget(clear: boolean): Promise<void> {
		uploads.clear();
		drafts.close();
		const opening = this.#opening;
		this.#opening = undefined;
		this.#person = '';
		const was = await opening;
		await was?.outbox.close();
		if (clear) await was?.store.clear();
		// Somebody else may have signed in meanwhile.
		if (this.outbox === was?.outbox) this.outbox = this.#store = undefined;
	}
}

export const sending = new Sending();
