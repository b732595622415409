// The one live connection of this tab: what it follows and who listens.
import { signedOut } from '#lib/api/client.ts';
import type { Frame } from '#lib/realtime/frames.ts';
import { Connection, type ConnectionState } from '#lib/realtime/connection.ts';
import type { Kind } from '#lib/realtime/lines.ts';

type Listener = (frame: Frame) => void;

class Live {
	state = $state<ConnectionState>('connecting');
	/** By which way frames come: what is not a socket is second best, and the reader is told. */
	way = $state<Kind>('socket');
	online = $state(navigator.onLine);

	#connection: Connection | undefined;
	#rooms = new Map<string, (() => number | undefined)[]>();
	#spaces = new Map<string, number>();
	#listeners = new Set<Listener>();
	#stop = new AbortController();

	start(): void {
		if (this.#connection) return;
		const state = (state: ConnectionState, way: Kind) => {
			this.state = state;
			this.way = way;
		};
		this.#connection = new Connection({ frame: (f) => this.#receive(f), state, signedOut }, { memory: sessionStorage });
		this.#connection.start();
		this.#stop = new AbortController();
		const { signal } = this.#stop;
		addEventListener('online', () => this.#online(true), { signal });
		addEventListener('offline', () => this.#online(false), { signal });
		document.addEventListener('visibilitychange', () => !document.hidden && this.#connection?.wake(), { signal });
	}

	stop(): void {
		this.#stop.abort();
		this.#connection?.stop();
		this.#connection = undefined;
	}

	listen(listener: Listener): () => void {
		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	/** followRoom asks for what happens in a room, from `after` on where that is known. It gives back how to stop. */
	followRoom(room: string, after: () => number | undefined = () => undefined): () => void {
		const followers = this.#rooms.get(room) ?? [];
		this.#rooms.set(room, [...followers, after]);
		this.#subscribe(room);
		return () => {
			const left = (this.#rooms.get(room) ?? []).filter((f) => f !== after);
			if (left.length > 0) return void this.#rooms.set(room, left);
			this.#rooms.delete(room);
			this.#connection?.send({ type: 'unsubscribe', room });
		};
	}

	followSpace(space: string): () => void {
		this.#spaces.set(space, (this.#spaces.get(space) ?? 0) + 1);
		this.#connection?.send({ type: 'subscribe', space });
		return () => {
			const left = (this.#spaces.get(space) ?? 1) - 1;
			if (left > 0) return void this.#spaces.set(space, left);
			this.#spaces.delete(space);
			this.#connection?.send({ type: 'unsubscribe', space });
		};
	}

	/** presence says that somebody is there; `away`, that they have not touched anything for a while. */
	presence(away: boolean): void {
		this.#connection?.send({ type: 'presence', away });
	}

	/** typing says that we are writing in a room. */
	typing(room: string): void {
		this.#connection?.send({ type: 'typing', room });
	}

	#subscribe(room: string): void {
		const known = (this.#rooms.get(room) ?? []).map((after) => after()).find((seq) => seq !== undefined);
		this.#connection?.send({ type: 'subscribe', room, ...(known === undefined ? {} : { after: known }) });
	}

	#receive(frame: Frame): void {
		if (frame.type === 'hello') {
			// A new line knows nothing of the old one's subscriptions.
			for (const room of this.#rooms.keys()) this.#subscribe(room);
			for (const space of this.#spaces.keys()) this.#connection?.send({ type: 'subscribe', space });
		}
		for (const listener of this.#listeners) listener(frame);
	}

	#online(online: boolean): void {
		this.online = online;
		if (online) this.#connection?.wake();
	}
}

export const live = new Live();
