// One WebSocket that keeps itself alive: it answers heartbeats, notices silence, and comes back after every drop.
import { backoff } from './backoff.ts';
import type { ClientFrame, Frame } from './frames.ts';

export type SocketState = 'connecting' | 'live' | 'reconnecting';

/** The server sends a heartbeat every 25 seconds. A minute without any frame means that nobody is there. */
export const SILENCE = 60_000;

/** The server closes with this when the session has ended: coming back is of no use. */
export const SIGNED_OUT = 4001;

type Handlers = { frame: (frame: Frame) => void; state: (state: SocketState) => void; signedOut?: () => void };
type Parts = { make?: (url: string) => WebSocket; random?: () => number };

export class Socket {
	#url: string;
	#handlers: Handlers;
	#make: (url: string) => WebSocket;
	#random: () => number;
	#socket: WebSocket | undefined;
	#tries = 0;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#watch: ReturnType<typeof setTimeout> | undefined;
	#heardAt = 0;
	#running = false;

	constructor(url: string, handlers: Handlers, { make = (u) => new WebSocket(u), random = Math.random }: Parts = {}) {
		this.#url = url;
		this.#handlers = handlers;
		this.#make = make;
		this.#random = random;
	}

	start(): void {
		if (this.#running) return;
		this.#running = true;
		this.#handlers.state('connecting');
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
		if (this.#socket && !silent) return;
		this.#drop();
		this.#tries = 0;
		this.#connect();
	}

	/** send says nothing when the line is down: who subscribes does so again on every hello. */
	send(frame: ClientFrame): void {
		if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
	}

	#connect(): void {
		clearTimeout(this.#retry);
		const socket = this.#make(this.#url);
		this.#socket = socket;
		this.#hear();
		socket.onmessage = (event) => {
			if (this.#socket === socket) this.#receive(event.data);
		};
		socket.onclose = ({ code }) => {
			if (this.#socket !== socket) return;
			if (code !== SIGNED_OUT) return this.#lost();
			this.stop();
			this.#handlers.signedOut?.();
		};
	}

	#receive(data: unknown): void {
		this.#hear();
		let frame: Frame;
		try {
			frame = JSON.parse(String(data));
		} catch {
			return; // not ours; the next heartbeat shows whether anything is missing
		}
		if (frame.type === 'hello') {
			this.#tries = 0;
			this.#handlers.state('live');
		}
		if (frame.type === 'heartbeat') this.send({ type: 'pong' });
		if (frame.type === 'reconnect') {
			this.#drop();
			this.#again(frame.afterMs ?? backoff(this.#tries++, this.#random));
			return;
		}
		this.#handlers.frame(frame);
	}

	#hear(): void {
		this.#heardAt = Date.now();
		clearTimeout(this.#watch);
		this.#watch = setTimeout(() => {
			this.#drop();
			this.#lost();
		}, SILENCE);
	}

	#lost(): void {
		this.#drop();
		if (this.#running) this.#again(backoff(this.#tries++, this.#random));
	}

	#again(wait: number): void {
		this.#handlers.state('reconnecting');
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => this.#connect(), wait);
	}

	#drop(): void {
		clearTimeout(this.#watch);
		const socket = this.#socket;
		this.#socket = undefined;
		if (!socket) return;
		socket.onmessage = socket.onclose = null;
		socket.close();
	}
}
