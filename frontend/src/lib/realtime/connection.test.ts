import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { backoff } from './backoff.ts';
import type { Frame } from './frames.ts';
import { PATIENCE, REMEMBERED } from './choice.ts';
import { Connection, SILENCE, SOON, type ConnectionState } from './connection.ts';
import { SIGNED_OUT, type Ears, type Kind, type Line } from './lines.ts';

class FakeLine implements Line {
	static made: FakeLine[] = [];
	closed = false;
	sent: string[] = [];
	constructor(
		readonly kind: Kind,
		private ears: Ears
	) {
		FakeLine.made.push(this);
	}
	send(frame: object) {
		this.sent.push(JSON.stringify(frame));
	}
	close() {
		this.closed = true;
	}
	say(frame: object) {
		this.ears.frame(frame as Frame);
	}
	fail(code = 1006) {
		this.ears.end(code);
	}
}

let states: ConnectionState[];
let ways: Kind[];
let frames: Frame[];
let line: Connection;
const signedOut = vi.fn();
const last = () => FakeLine.made.at(-1)!;
const kinds = () => FakeLine.made.map((l) => l.kind);
const hello = { type: 'hello', heartbeat: 25 };

class Memory {
	values = new Map<string, string>();
	getItem = (key: string) => this.values.get(key) ?? null;
	setItem = (key: string, value: string) => void this.values.set(key, value);
	removeItem = (key: string) => void this.values.delete(key);
}

function begin(memory = new Memory()) {
	const make = (kind: Kind) => (ears: Ears) => new FakeLine(kind, ears);
	const state = (s: ConnectionState, way: Kind) => {
		states.push(s);
		ways.push(way);
	};
	const open = { socket: make('socket'), stream: make('stream'), poll: make('poll') };
	line = new Connection(
		{ frame: (f) => frames.push(f), state, signedOut },
		{ open, memory: memory as unknown as Storage, random: () => 1 }
	);
	line.start();
}

beforeEach(() => {
	vi.useFakeTimers();
	FakeLine.made = [];
	states = [];
	ways = [];
	frames = [];
	begin();
});
afterEach(() => {
	line.stop();
	vi.useRealTimers();
});

describe('a connection', () => {
	test('stays away once the session has ended, and says so', () => {
		last().say({ type: 'hello', heartbeat: 25 });
		last().fail(SIGNED_OUT);
		vi.advanceTimersByTime(60_000);
		expect(FakeLine.made).toHaveLength(1);
		expect(signedOut).toHaveBeenCalledOnce();
	});

	test('is live once the server has said hello', () => {
		expect(states).toEqual(['connecting']);
		last().say({ type: 'hello', heartbeat: 25 });
		expect(states).toEqual(['connecting', 'live']);
	});

	test('answers a heartbeat and hands it on', () => {
		last().say(hello);
		last().say({ type: 'heartbeat', heads: { '7': 3 } });
		expect(last().sent).toEqual(['{"type":"pong"}']);
		expect(frames).toHaveLength(2);
	});

	test('comes back while the server is away, by every way, later each time, and starts over once it was live', () => {
		const waits = (wait: number) => {
			const before = FakeLine.made.length;
			vi.advanceTimersByTime(wait - 1);
			expect(FakeLine.made).toHaveLength(before);
			vi.advanceTimersByTime(1);
			expect(FakeLine.made).toHaveLength(before + 1);
		};
		for (const [first, second] of [
			[500, 1000],
			[2000, 4000]
		]) {
			last().fail();
			waits(first!);
			for (let i = 0; i < 3; i++) last().fail(); // the second socket, the stream and the poll
			waits(second!);
		}
		expect(kinds()).toEqual([...'ab'].flatMap(() => ['socket', 'socket', 'stream', 'poll']).concat('socket'));
		last().say(hello);
		last().fail();
		waits(500);
	});

	test('gives up on a line that has been silent for a minute', () => {
		last().say({ type: 'hello' });
		const first = last();
		vi.advanceTimersByTime(SILENCE);
		expect(first.closed).toBe(true);
		expect(states.at(-1)).toBe('reconnecting');
		vi.advanceTimersByTime(500);
		expect(last()).not.toBe(first);
	});

	test('stays on a line that speaks', () => {
		const first = last();
		first.say(hello);
		for (let i = 0; i < 10; i++) {
			vi.advanceTimersByTime(25_000);
			first.say({ type: 'heartbeat' });
		}
		expect(last()).toBe(first);
	});

	test('does not wait when the network is back', () => {
		last().fail();
		line.wake();
		expect(FakeLine.made).toHaveLength(2);
		last().say(hello);
		vi.advanceTimersByTime(40_000);
		expect(FakeLine.made).toHaveLength(2);
	});

	test('leaves a good line alone when woken, and not one that slept', () => {
		last().say({ type: 'hello' });
		line.wake();
		expect(FakeLine.made).toHaveLength(1);
		// A laptop that slept: the clock has moved on, the timers have not run.
		vi.setSystemTime(Date.now() + SILENCE + 1);
		line.wake();
		expect(FakeLine.made).toHaveLength(2);
	});

	test('goes and comes back when the server asks', () => {
		last().say({ type: 'hello' });
		const first = last();
		first.say({ type: 'reconnect', afterMs: 1500 });
		expect(first.closed).toBe(true);
		vi.advanceTimersByTime(1500);
		expect(FakeLine.made).toHaveLength(2);
	});

	test('hears nothing more from a line that it has left', () => {
		const first = last();
		first.fail();
		vi.advanceTimersByTime(500);
		first.say({ type: 'heartbeat' });
		expect(frames).toHaveLength(0);
	});

	test('stays down once stopped', () => {
		line.stop();
		line.wake();
		vi.advanceTimersByTime(120_000);
		expect(FakeLine.made).toHaveLength(1);
	});
});

describe('the way to the server', () => {
	test('is an event stream where a WebSocket is refused twice', () => {
		last().fail();
		vi.advanceTimersByTime(500);
		last().fail();
		expect(kinds()).toEqual(['socket', 'socket', 'stream']);
		last().say(hello);
		expect(ways.at(-1)).toBe('stream');
	});

	test('is a long poll within five seconds where nothing comes through in pieces', () => {
		vi.advanceTimersByTime(PATIENCE.socket + PATIENCE.stream);
		expect(kinds()).toEqual(['socket', 'stream', 'poll']);
		expect(PATIENCE.socket + PATIENCE.stream).toBeLessThan(5000);
		expect(FakeLine.made.slice(0, 2).every((l) => l.closed)).toBe(true);
	});

	test('is remembered for ten minutes, and no longer', () => {
		const memory = new Memory();
		line.stop();
		begin(memory);
		vi.advanceTimersByTime(PATIENCE.socket);
		last().say(hello);
		for (const [later, kind] of [
			[0, 'stream'],
			[REMEMBERED, 'socket']
		] as const) {
			line.stop();
			vi.setSystemTime(Date.now() + later);
			begin(memory);
			expect(last().kind).toBe(kind);
		}
	});

	test('becomes a better one again without a gap', () => {
		vi.advanceTimersByTime(PATIENCE.socket);
		const stream = last();
		stream.say(hello);
		for (let i = 0; i < 3; i++) {
			vi.advanceTimersByTime(SOON / 3);
			stream.say({ type: 'heartbeat' });
		}
		const better = last();
		expect(better.kind).toBe('socket');
		expect(stream.closed).toBe(false);
		better.say(hello);
		expect(stream.closed).toBe(true);
		expect(ways.at(-1)).toBe('socket');
		better.say({ type: 'heartbeat' });
		expect(better.sent).toEqual(['{"type":"pong"}']);
	});

	test('stays the worse one while the better leads nowhere', () => {
		vi.advanceTimersByTime(PATIENCE.socket);
		const stream = last();
		stream.say(hello);
		vi.setSystemTime(Date.now() + SOON + 1);
		stream.say({ type: 'heartbeat' });
		line.wake();
		const better = last();
		expect(better.kind).toBe('socket');
		vi.advanceTimersByTime(PATIENCE.socket);
		expect(better.closed).toBe(true);
		expect(stream.closed).toBe(false);
		better.say(hello);
		expect(ways.at(-1)).toBe('stream');
	});

	test('backs off where a stream says hello and is over at once', () => {
		vi.advanceTimersByTime(PATIENCE.socket);
		for (const wait of [500, 1000, 2000]) {
			last().say(hello);
			last().fail();
			const before = FakeLine.made.length;
			vi.advanceTimersByTime(wait - 1);
			expect(FakeLine.made).toHaveLength(before);
			vi.advanceTimersByTime(1);
			expect(last().kind).toBe('stream');
		}
	});
});

test('backoff doubles from half a second to thirty, anywhere below', () => {
	expect([0, 1, 2, 5, 6, 20].map((n) => backoff(n, () => 1))).toEqual([500, 1000, 2000, 16000, 30000, 30000]);
	expect(backoff(9, () => 0)).toBe(0);
});
