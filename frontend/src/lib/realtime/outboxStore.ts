// Where messages wait until the server has them, and where half-written ones are kept. One database for each person, so
// that a shared computer never sends as somebody else.
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb';

/** What a message may have beside its words. */
export type Extras = {
	/** The writer knows that @room calls many. */
	confirmRoom?: boolean;
	/** Kept whole: they are brought to the server before the message goes, from here if need be. */
	files?: Attached[];
	/** The message that it answers in its thread. */
	threadId?: string;
};

/** A file that goes with a message. The key names it in this browser. */
export type Attached = { key: string; file: File; alt: string };

export type Waiting = Extras & {
	clientId: string;
	room: string;
	body: string;
	/** When the writer pressed send, in milliseconds. */
	at: number;
	/** Set when it will not be tried again by itself: why, as the slug of a problem. */
	failed?: string;
};

/** Half-written words that the server does not have yet. */
export type UnkeptDraft = {
	/** The room, or the room and the thread. */
	key: string;
	body: string;
	/** The server's version that they were written over; absent for what is kept in this browser alone. */
	version?: number;
};

export type OutboxStore = {
	all: () => Promise<Waiting[]>;
	put: (entry: Waiting) => Promise<void>;
	remove: (clientId: string) => Promise<void>;
	drafts: () => Promise<UnkeptDraft[]>;
	putDraft: (draft: UnkeptDraft) => Promise<void>;
	removeDraft: (key: string) => Promise<void>;
	clear: () => Promise<void>;
};

interface Schema extends DBSchema {
	outbox: { key: string; value: Waiting; indexes: { at: number } };
	drafts: { key: string; value: UnkeptDraft };
}

/** So long the browser may take to open the store, in milliseconds: an old tab may stand in the way, and nobody should wait for it. */
const PATIENCE = 5000;

/** openStore opens this person's store, or keeps things in memory where the browser forbids storage or does not answer. */
export async function openStore(person: string): Promise<OutboxStore> {
	const store = new Kept(`guildhall-${person}`);
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<never>((_, fail) => (timer = setTimeout(fail, PATIENCE)));
	try {
		await Promise.race([store.open(), late]);
		return inBrowser(store);
	} catch {
		store.close();
		return inMemory();
	} finally {
		clearTimeout(timer);
	}
}

/** A database that is opened again when the browser, or another tab that signs out, has closed it. */
class Kept {
	#db: Promise<IDBPDatabase<Schema>> | undefined;
	constructor(readonly name: string) {}

	open(): Promise<IDBPDatabase<Schema>> {
		const gone = () => {
			if (this.#db === opened) this.#db = undefined;
		};
		const opened = (this.#db ??= openDB<Schema>(this.name, 2, {
			upgrade(db, from) {
				if (from < 1) db.createObjectStore('outbox', { keyPath: 'clientId' }).createIndex('at', 'at');
				else db.deleteObjectStore('drafts');
				db.createObjectStore('drafts', { keyPath: 'key' });
			},
			// Another tab signs out and deletes it.
			blocking: (_, __, event) => {
				gone();
				(event.target as IDBDatabase).close();
			},
			terminated: gone
		}));
		opened.catch(gone);
		return opened;
	}

	/** use does one thing with it. A browser that has closed it does not always say so. */
	async use<A>(act: (db: IDBPDatabase<Schema>) => Promise<A>): Promise<A> {
		try {
			return await act(await this.open());
		} catch (thrown) {
			if (!(thrown instanceof DOMException && thrown.name === 'InvalidStateError')) throw thrown;
			this.#db = undefined;
			return act(await this.open());
		}
	}

	close(): void {
		const was = this.#db;
		this.#db = undefined;
		was?.then((db) => db.close()).catch(() => {});
	}
}

function inBrowser(store: Kept): OutboxStore {
	return {
		all: () => store.use((db) => db.getAllFromIndex('outbox', 'at')),
		put: (entry) => store.use(async (db) => void (await db.put('outbox', entry))),
		remove: (clientId) => store.use((db) => db.delete('outbox', clientId)),
		drafts: () => store.use((db) => db.getAll('drafts')),
		putDraft: (draft) => store.use(async (db) => void (await db.put('drafts', draft))),
		removeDraft: (key) => store.use((db) => db.delete('drafts', key)),
		clear: async () => {
			store.close();
			// It may wait for another tab to let go, and nobody should wait for that.
			void deleteDB(store.name);
		}
	};
}

export function inMemory(): OutboxStore {
	const entries = new Map<string, Waiting>();
	const drafts = new Map<string, UnkeptDraft>();
	return {
		all: async () => [...entries.values()].sort((a, b) => a.at - b.at),
		put: async (entry) => void entries.set(entry.clientId, entry),
		remove: async (clientId) => void entries.delete(clientId),
		drafts: async () => [...drafts.values()],
		putDraft: async (draft) => void drafts.set(draft.key, draft),
		removeDraft: async (key) => void drafts.delete(key),
		clear: async () => {
			entries.clear();
			drafts.clear();
		}
	};
}
