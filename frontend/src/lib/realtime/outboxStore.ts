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

/** openStore opens this person's store, or keeps things in memory where the browser forbids storage. */
export async function openStore(person: string): Promise<OutboxStore> {
	const name = `guildhall-${person}`;
	try {
		const db = await openDB<Schema>(name, 2, {
			upgrade(db, from) {
				if (from < 1) db.createObjectStore('outbox', { keyPath: 'clientId' }).createIndex('at', 'at');
				else db.deleteObjectStore('drafts');
				db.createObjectStore('drafts', { keyPath: 'key' });
			},
			// Another tab signs out and deletes it.
			blocking: (_, __, event) => (event.target as IDBDatabase).close()
		});
		return inBrowser(db, name);
	} catch {
		return inMemory();
	}
}

function inBrowser(db: IDBPDatabase<Schema>, name: string): OutboxStore {
	return {
		all: () => db.getAllFromIndex('outbox', 'at'),
		put: async (entry) => void (await db.put('outbox', entry)),
		remove: (clientId) => db.delete('outbox', clientId),
		drafts: () => db.getAll('drafts'),
		putDraft: async (draft) => void (await db.put('drafts', draft)),
		removeDraft: (key) => db.delete('drafts', key),
		clear: async () => {
			db.close();
			// It may wait for another tab to let go, and nobody should wait for that.
			void deleteDB(name);
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
