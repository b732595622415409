// One live connection that keeps itself alive: it finds a way to the server, answers heartbeats, notices silence, comes
// back after every drop, and looks for a better way while it has a worse one.
import { backoff } from './backoff.ts';
import { Choice, PATIENCE, REMEMBERED } from './choice.ts';
import type { ClientFrame, Frame } from './frames.ts';
import { open as openLine, SIGNED_OUT, type Ears, type Kind, type Line } from './lines.ts';

export type ConnectionState = 'connecting' | 'live' | 'reconnecting';

/** The server sends a heartbeat every 25 seconds. A minute without any frame means that nobody is there. */
export const SILENCE = 60_000;

/** A worse way may have been taken by accident, as while the server restarted: the first look for a better one is soon. */
export const SOON = 60_000;

type Handlers = {
	frame: (frame: Frame) => void;
	state: (state: ConnectionState, kind: Kind) => void;
	signedOut?: () => void;
};
type Parts = { open?: Record<Kind, (ears: Ears) => Line>; memory?: Storage; random?: () => number };
type Timer = ReturnType<typeof setTimeout> | undefined;

export class Connection {
	#handlers: Handlers;
	#open: Record<Kind, (ears: Ears) => Line>;
	#random: () => number;
	#choice: Choice;
	#line: Line | undefined;
	#kind: Kind = 'socket';
	#better: Line | undefined;
	#tries = 0;
	#retry: Timer;
	#watch: Timer;
	#patience: Timer;
	#look: Timer;
	#lookedAt = 0;
	#heardAt = 0;
	#greeted = false;
	#running = false;

	constructor(handlers: Handlers, { open = openLine, memory, random = Math.random }: Parts = {}) {
		this.#handlers = handlers;
		this.#open = open;
		this.#random = random;
		this.#choice = new Choice(memory);
	}

	start(): void {
		if (this.#running) return;
		this.#running = true;
		this.#handlers.state('connecting', this.#choice.kind);
		this.#connect();
	}

	stop(): void {
		this.#running = false;
		clearTimeout(this.#retry);
		this.#drop();
	}

	/** wake tries at once: the network is back, or the reader has come back to this tab. */
	wake(): void {
		if (!this.#running) return;
		const silent = Date.now() - this.#heardAt > SILENCE;
		if (this.#line && !silent) {
			if (Date.now() - this.#lookedAt > SOON) this.#lookForBetter();
			return;
		}
		this.#drop();
		this.#tries = 0;
		this.#connect();
	}

	/** send says nothing when the line is down: who subscribes does so again on every hello. */
	send(frame: ClientFrame): void {
		if (this.#greeted) this.#line?.send(frame);
	}

	#connect(): void {
		clearTimeout(this.#retry);
		this.#kind = this.#choice.kind;
		this.#greeted = false;
		const line: Line = this.#open[this.#kind]({
			frame: (frame) => this.#line === line && this.#receive(frame),
			end: (code) => this.#line === line && this.#ended(code)
		});
		this.#line = line;
		this.#hear();
		this.#patience = setTimeout(() => this.#failed(true), PATIENCE[this.#kind]);
	}

	#receive(frame: Frame): void {
		this.#hear();
		if (frame.type === 'hello') this.#greet();
		// Behind some balancers a stream says hello, and what we say reaches another node: that is not yet a line.
		if (frame.type !== 'hello' || this.#kind === 'socket') this.#tries = 0;
		if (frame.type === 'heartbeat') this.send({ type: 'pong' });
		if (frame.type === 'reconnect') {
			this.#drop();
			this.#again(frame.afterMs ?? backoff(this.#tries++, this.#random));
			return;
		}
		this.#handlers.frame(frame);
	}

	#greet(): void {
		clearTimeout(this.#patience);
		this.#greeted = true;
		this.#choice.worked(this.#kind);
		this.#lookedAt = Date.now();
		this.#lookAgain(SOON);
		this.#handlers.state('live', this.#kind);
	}

	#ended(code?: number): void {
		if (code === SIGNED_OUT) {
			this.stop();
			this.#handlers.signedOut?.();
		} else if (this.#greeted) this.#lost();
		else this.#failed(false);
	}

	/** #failed: there never was a hello. */
	#failed(late: boolean): void {
		this.#drop();
		if (!this.#running) return;
		if (this.#choice.failed(late)) this.#connect();
		else this.#lost();
	}

	#hear(): void {
		this.#heardAt = Date.now();
		clearTimeout(this.#watch);
		this.#watch = setTimeout(() => this.#lost(), SILENCE);
	}

	#lost(): void {
		this.#drop();
		if (this.#running) this.#again(backoff(this.#tries++, this.#random));
	}

	#again(wait: number): void {
		this.#handlers.state('reconnecting', this.#choice.kind);
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => this.#connect(), wait);
	}

	#lookAgain(wait: number): void {
		clearTimeout(this.#look);
		if (this.#kind !== 'socket') this.#look = setTimeout(() => this.#lookForBetter(), wait);
	}

	/** #lookForBetter tries a WebSocket beside the line that we have, which stays until the other has said hello. */
	#lookForBetter(): void {
		if (this.#kind === 'socket' || !this.#greeted || this.#better) return;
		this.#lookedAt = Date.now();
		this.#lookAgain(REMEMBERED);
		const better: Line = this.#open.socket({
			frame: (frame) => {
				if (this.#line === better) this.#receive(frame);
				else if (this.#better === better && frame.type === 'hello') this.#change(better, frame);
			},
			end: (code) => {
				if (this.#line === better) this.#ended(code);
				else if (this.#better === better) this.#stay();
			}
		});
		this.#better = better;
		this.#patience = setTimeout(() => this.#stay(), PATIENCE.socket);
	}

	#change(better: Line, hello: Frame): void {
		this.#better = undefined;
		this.#drop();
		this.#line = better;
		this.#kind = 'socket';
		this.#receive(hello);
	}

	#stay(): void {
		clearTimeout(this.#patience);
		this.#better?.close();
		this.#better = undefined;
	}

	#drop(): void {
		for (const timer of [this.#watch, this.#patience, this.#look]) clearTimeout(timer);
		const lines = [this.#line, this.#better];
		this.#line = this.#better = undefined;
		this.#greeted = false;
		for (const line of lines) line?.close();
	}
}
