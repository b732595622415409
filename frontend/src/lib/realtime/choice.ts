// Which way to the server to try: the best first, a worse one where proxies are in the way, and the best again later.
import type { Kind } from './lines.ts';

/** How long a line may take to its first frame, in milliseconds: so that the last way is reached within five seconds. */
export const PATIENCE: Record<Kind, number> = { socket: 2500, stream: 2000, poll: 10_000 };

/** How long a worse way is kept to, before and after a page is loaded again. */
export const REMEMBERED = 10 * 60_000;

const KEY = 'guildhall.live';
const worse: Record<Kind, Kind | undefined> = { socket: 'stream', stream: 'poll', poll: undefined };

type Memory = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export class Choice {
	kind: Kind = 'socket';
	#failures = 0;
	#memory: Memory | undefined;

	constructor(memory?: Memory) {
		this.#memory = memory;
		try {
			const { kind, until } = JSON.parse(memory?.getItem(KEY) ?? '{}');
			if (kind in worse && until > Date.now()) this.kind = kind;
		} catch {
			// a browser that remembers nothing, or something of another version
		}
	}

	/** worked: this way leads to the server. */
	worked(kind: Kind): void {
		this.kind = kind;
		this.#failures = 0;
		if (kind === 'socket') return this.#forget();
		try {
			this.#memory?.setItem(KEY, JSON.stringify({ kind, until: Date.now() + REMEMBERED }));
		} catch {
			// then it is found out again
		}
	}

	/**
	 * failed: this way led nowhere, at once or after waiting too long. It says whether there is another one to try at once.
	 * Where none is left the server itself is away, and the best way is the first to try again.
	 */
	failed(late: boolean): boolean {
		if (this.kind === 'socket' && !late && ++this.#failures < 2) return false;
		this.#failures = 0;
		const next = worse[this.kind];
		this.kind = next ?? 'socket';
		if (!next) this.#forget();
		return next !== undefined;
	}

	#forget(): void {
		try {
			this.#memory?.removeItem(KEY);
		} catch {
			// nothing was remembered
		}
	}
}
