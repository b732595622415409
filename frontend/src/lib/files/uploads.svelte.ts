// Files on their way to the server, in parts: each shows how far it is, goes on where it was after the network was away,
// and can be stopped. Those that are chosen for a room stay chosen while one looks at another.
import { addPart, describeAttachment, getUpload, removeUpload, startUpload } from '#lib/api/endpoints.ts';
import { asProblem, Problem } from '#lib/api/problem.ts';
import type { Attachment } from '#lib/api/types.ts';
import { backoff } from '#lib/realtime/backoff.ts';
import type { Attached } from '#lib/realtime/outboxStore.ts';
import { uuid7 } from '#lib/realtime/uuid.ts';

/** What one request brings: what is lost at most when the network goes. It shrinks where that happens. */
const PART = 512 * 1024;
const LEAST = 64 * 1024;

/** What the server takes, for the browser's own dialogue. It is the server that decides. */
export const ACCEPT =
	'image/jpeg,image/png,image/gif,image/webp,.pdf,.docx,.xlsx,.pptx,.odt,.ods,.odp,.txt,.csv,application/pdf,text/plain,text/csv';

export class Upload {
	/** What it shows, in words, if it is a picture. */
	alt = $state('');
	/** Bytes that have arrived. */
	received = $state(0);
	/** Set when it may be sent. */
	attachment = $state.raw<Attachment>();
	problem = $state.raw<Problem>();
	/** An address of the picture in this browser, for as long as it is here. */
	readonly preview: string | undefined;

	#id: string | undefined;
	#told = '';
	#part = PART;
	#stop = new AbortController();
	#running: Promise<string> | undefined;
	#again: ReturnType<typeof setTimeout> | undefined;

	constructor(
		readonly key: string,
		readonly room: string,
		readonly file: File,
		alt = ''
	) {
		this.alt = alt;
		if (this.picture) this.preview = URL.createObjectURL(file);
	}

	get picture(): boolean {
		return /^image\/(jpeg|png|gif|webp)$/.test(this.file.type);
	}

	/** finish brings the rest of the file and what it shows, and gives its id. It throws a Problem; called again it goes on. */
	finish(): Promise<string> {
		clearTimeout(this.#again);
		this.#running ??= this.#bring().finally(() => (this.#running = undefined));
		return this.#running;
	}

	/** begin brings the file in the background, and tries again by itself where that may help. */
	begin(tries = 0): void {
		this.finish().catch((thrown: Problem) => {
			if (this.#stop.signal.aborted || !thrown.passing) return;
			this.#again = setTimeout(() => this.begin(tries + 1), Math.max(thrown.retryAfter * 1000, backoff(tries)));
		});
	}

	/** end stops, and takes back what the server has unless it was sent. */
	end(sent: boolean): void {
		clearTimeout(this.#again);
		this.#stop.abort();
		if (this.preview) URL.revokeObjectURL(this.preview);
		if (this.#id && !sent) removeUpload(this.#id).catch(() => {}); // the server forgets it by itself
	}

	async #bring(): Promise<string> {
		try {
			if (!this.attachment) await this.#send();
			if (this.alt.trim() !== this.#told) {
				const alt = this.alt.trim();
				await describeAttachment(this.#id!, alt);
				this.#told = alt;
			}
			this.problem = undefined;
			return this.#id!;
		} catch (thrown) {
			this.problem = asProblem(thrown);
			if (this.problem.passing) this.#part = Math.max(LEAST, this.#part / 2);
			throw this.problem;
		}
	}

	async #send(): Promise<void> {
		if (this.file.size === 0) throw new Problem('file-empty', 422, 'The file is empty');
		const signal = this.#stop.signal;
		let upload = this.#id ? await getUpload(this.#id).catch(gone) : undefined;
		upload ??= await startUpload(this.room, { name: this.file.name || 'file', size: this.file.size });
		this.#id = upload.id;
		for (;;) {
			this.received = upload.received;
			if (upload.attachment) break;
			signal.throwIfAborted();
			const next = this.file.slice(upload.received, upload.received + this.#part);
			upload = await addPart(upload.id, upload.received, next, signal);
		}
		this.received = this.file.size;
		this.attachment = upload.attachment;
	}
}

function gone(thrown: unknown): undefined {
	if (asProblem(thrown).status !== 404) throw thrown;
}

/** Chosen are the files that go with the next message of a room. */
export class Chosen {
	items = $state.raw<Upload[]>([]);
	constructor(readonly room: string) {}

	/** add begins to bring files, up to `most`, and gives how many there was no place for. */
	add(files: File[], most: number): number {
		const fit = files.slice(0, Math.max(0, most - this.items.length));
		const fresh = fit.map((file) => uploads.of(this.room, { key: uuid7(), file, alt: '' }));
		this.items = [...this.items, ...fresh];
		fresh.forEach((upload) => upload.begin());
		return files.length - fit.length;
	}

	remove(upload: Upload): void {
		this.items = this.items.filter((u) => u !== upload);
		uploads.forget(upload.key, false);
	}

	/** take gives what goes with a message; put brings it back. */
	take(): Attached[] {
		const taken = this.items.map(({ key, file, alt }) => ({ key, file, alt }));
		this.items = [];
		return taken;
	}

	put(list: Attached[]): void {
		const back = list.map((a) => uploads.of(this.room, a));
		this.items = [...back.filter((u) => !this.items.includes(u)), ...this.items];
		back.forEach((upload) => upload.begin());
	}
}

class Uploads {
	#all = new Map<string, Upload>();
	#chosen = new Map<string, Chosen>();

	/** of gives a file's upload: the one that runs already, or one that begins anew, as after a reload. */
	of(room: string, { key, file, alt }: Attached): Upload {
		const upload = this.#all.get(key) ?? new Upload(key, room, file, alt);
		this.#all.set(key, upload);
		return upload;
	}

	/** chosen gives what goes with the next message of a room, or of a thread in it. */
	chosen(room: string, thread = ''): Chosen {
		const place = `${room}:${thread}`;
		const chosen = this.#chosen.get(place) ?? new Chosen(room);
		this.#chosen.set(place, chosen);
		return chosen;
	}

	forget(key: string, sent: boolean): void {
		this.#all.get(key)?.end(sent);
		this.#all.delete(key);
	}

	/** clear stops everything: the person signs out. */
	clear(): void {
		for (const key of [...this.#all.keys()]) this.forget(key, true);
		this.#chosen.clear();
	}
}

export const uploads = new Uploads();
