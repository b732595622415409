// The three ways in which frames come and go: a WebSocket; an event stream, where proxies let none through; and one long
// poll after the other, where they hold back what comes in pieces. Each is one try, and ends once.
import { client, take } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import type { ClientFrame, Frame } from './frames.ts';

/** The server ends with this when the session has ended: coming back is of no use. */
export const SIGNED_OUT = 4001;

export type Kind = 'socket' | 'stream' | 'poll';

/** What a line tells: frames, and once that it has ended, with a code if the server gave one. */
export type Ears = { frame: (frame: Frame) => void; end: (code?: number) => void };

/** After close a line tells nothing more. What is said before its hello, or after its end, is lost. */
export type Line = { send: (frame: ClientFrame) => void; close: () => void };

/** What the server may hold a poll for, in seconds; proxies that cut idle connections earlier are given less. */
const LONGEST = 25;
const SHORTEST = 3;

/** Frames in one request; the server takes a hundred. */
const TOGETHER = 50;

function openSocket({ frame, end }: Ears): Line {
	const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live`);
	socket.onmessage = ({ data }) => read(data, frame);
	socket.onclose = ({ code }) => end(code);
	return {
		send: (f) => socket.readyState === 1 && socket.send(JSON.stringify(f)),
		close() {
			socket.onmessage = socket.onclose = null;
			socket.close();
		}
	};
}

function openStream(ears: Ears): Line {
	const line = requests(ears);
	const source = new EventSource('/api/live/stream');
	source.onmessage = ({ data }) => read(data, line.receive);
	source.onerror = () => line.end(); // it would come back by itself, and would know nothing of backing off
	line.onEnd(() => source.close());
	return line;
}

function openPoll(ears: Ears): Line {
	const line = requests(ears);
	const over = new AbortController();
	const leave = () =>
		line.connection && void client.DELETE('/live/{connection}', named(line.connection)).catch(() => {});
	// The server does not see that a page has gone; left alone, the connection would be there for another minute.
	addEventListener('pagehide', leave, { signal: over.signal });
	line.onEnd(() => {
		over.abort();
		leave();
	});
	void poll(line, over.signal);
	return line;
}

export const open: Record<Kind, (ears: Ears) => Line> = { socket: openSocket, stream: openStream, poll: openPoll };

function read(data: unknown, frame: (frame: Frame) => void): void {
	let parsed: Frame;
	try {
		parsed = JSON.parse(String(data));
	} catch {
		return; // not ours; the next heartbeat shows whether anything is missing
	}
	frame(parsed);
}

const named = (connection: string) => ({ params: { path: { connection } }, keepalive: true });

/** poll asks again and again. An answer that got lost on the way is asked for again, and so loses nothing. */
async function poll(line: Requests, signal: AbortSignal): Promise<void> {
	let wait = LONGEST;
	let lost = 0;
	for (let ack = 0; !signal.aborted;) {
		const began = Date.now();
		try {
			const query = { connection: line.connection, ack, wait };
			const limit = AbortSignal.any([signal, AbortSignal.timeout((wait + 10) * 1000)]);
			const batch = await take(client.GET('/live/poll', { params: { query }, signal: limit }));
			if (signal.aborted) return;
			lost = 0;
			ack = batch.number;
			for (const frame of batch.frames) line.receive(frame);
		} catch (thrown) {
			if (signal.aborted) return;
			// Without a name there is nothing to come back to, and a refusal stays one.
			if (!line.connection || (thrown instanceof Problem && thrown.status > 0) || ++lost > 3)
				return line.end(codeOf(thrown));
			const held = (Date.now() - began) / 1000;
			if (held > SHORTEST) wait = Math.max(SHORTEST, Math.floor(Math.min(wait, held) * 0.7));
			else await new Promise((again) => setTimeout(again, 300 * lost));
		}
	}
}

function codeOf(thrown: unknown): number | undefined {
	return thrown instanceof Problem && thrown.status === 401 ? SIGNED_OUT : undefined;
}

type Requests = ReturnType<typeof requests>;

/** requests is the half that a stream and a poll share: what we say goes by requests, in order, one at a time. */
function requests(ears: Ears) {
	let connection = '';
	const waiting: ClientFrame[] = [];
	let busy = false;
	let ended = false;
	let tidy = () => {};

	const stop = () => {
		if (ended) return false;
		ended = true;
		tidy();
		return true;
	};
	const end = (code?: number) => void (stop() && ears.end(code));

	async function say() {
		if (busy) return;
		busy = true;
		try {
			await Promise.resolve(); // what is said in one breath goes together
			while (waiting.length > 0 && !ended) {
				const frames = waiting.splice(0, TOGETHER);
				await take(client.POST('/live/{connection}/frames', { ...named(connection), body: { frames } }));
			}
		} catch (thrown) {
			end(codeOf(thrown)); // begin anew rather than guess what was heard
		}
		busy = false;
	}

	return {
		get connection() {
			return connection;
		},
		onEnd: (f: () => void) => void (tidy = f),
		end,
		receive(frame: Frame) {
			if (ended) return;
			if (frame.type === 'bye') return end(frame.code);
			if (frame.type === 'hello') connection = frame.connection ?? '';
			ears.frame(frame);
		},
		send(frame: ClientFrame) {
			if (!connection || ended) return;
			waiting.push(frame);
			void say();
		},
		close: () => void stop()
	};
}
