import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { backoff } from './backoff.ts';
import type { Frame } from './frames.ts';
import { SIGNED_OUT, SILENCE, Socket, type SocketState } from './socket.ts';

class FakeSocket {
	static made: FakeSocket[] = [];
	readyState = 1;
	sent: string[] = [];
	onmessage: ((e: { data: string }) => void) | null = null;
	onclose: ((e: { code: number }) => void) | null = null;
	constructor() {
		FakeSocket.made.push(this);
	}
	send(data: string) {
		this.sent.push(data);
	}
	close() {
		this.readyState = 3;
	}
	say(frame: object) {
		this.onmessage?.({ data: JSON.stringify(frame) });
	}
	fail(code = 1006) {
		this.onclose?.({ code });
	}
}

let states: SocketState[];
let frames: Frame[];
let socket: Socket;
const signedOut = vi.fn();
const last = () => FakeSocket.made.at(-1)!;

beforeEach(() => {
	vi.useFakeTimers();
	FakeSocket.made = [];
	states = [];
	frames = [];
	socket = new Socket(
		'ws://test',
		{ frame: (f) => frames.push(f), state: (s) => states.push(s), signedOut },
		{ make: () => new FakeSocket() as unknown as WebSocket, random: () => 1 }
	);
	socket.start();
});
afterEach(() => {
	socket.stop();
	vi.useRealTimers();
});

describe('a socket', () => {
	test('stays away once the session has ended, and says so', () => {
		last().say({ type: 'hello', heartbeat: 25 });
		last().fail(SIGNED_OUT);
		vi.advanceTimersByTime(60_000);
		expect(FakeSocket.made).toHaveLength(1);
		expect(signedOut).toHaveBeenCalledOnce();
	});

	test('is live once the server has said hello', () => {
		expect(states).toEqual(['connecting']);
		last().say({ type: 'hello', heartbeat: 25 });
		expect(states).toEqual(['connecting', 'live']);
	});

	test('answers a heartbeat and hands it on', () => {
		last().say({ type: 'heartbeat', heads: { '7': 3 } });
		expect(last().sent).toEqual(['{"type":"pong"}']);
		expect(frames).toHaveLength(1);
	});

	test('comes back after a drop, later each time, and starts over once it was live', () => {
		for (const wait of [500, 1000, 2000]) {
			const before = FakeSocket.made.length;
			last().fail();
			vi.advanceTimersByTime(wait - 1);
			expect(FakeSocket.made).toHaveLength(before);
			vi.advanceTimersByTime(1);
			expect(FakeSocket.made).toHaveLength(before + 1);
		}
		last().say({ type: 'hello' });
		const before = FakeSocket.made.length;
		last().fail();
		vi.advanceTimersByTime(500);
		expect(FakeSocket.made).toHaveLength(before + 1);
	});

	test('gives up on a line that has been silent for a minute', () => {
		last().say({ type: 'hello' });
		const first = last();
		vi.advanceTimersByTime(SILENCE);
		expect(first.readyState).toBe(3);
		expect(states.at(-1)).toBe('reconnecting');
		vi.advanceTimersByTime(500);
		expect(last()).not.toBe(first);
	});

	test('stays on a line that speaks', () => {
		const first = last();
		for (let i = 0; i < 10; i++) {
			vi.advanceTimersByTime(25_000);
			first.say({ type: 'heartbeat' });
		}
		expect(last()).toBe(first);
	});

	test('does not wait when the network is back', () => {
		last().fail();
		socket.wake();
		expect(FakeSocket.made).toHaveLength(2);
		vi.advanceTimersByTime(40_000);
		expect(FakeSocket.made).toHaveLength(2);
	});

	test('leaves a good line alone when woken, and not one that slept', () => {
		last().say({ type: 'hello' });
		socket.wake();
		expect(FakeSocket.made).toHaveLength(1);
		// A laptop that slept: the clock has moved on, the timers have not run.
		vi.setSystemTime(Date.now() + SILENCE + 1);
		socket.wake();
		expect(FakeSocket.made).toHaveLength(2);
	});

	test('goes and comes back when the server asks', () => {
		last().say({ type: 'hello' });
		const first = last();
		first.say({ type: 'reconnect', afterMs: 1500 });
		expect(first.readyState).toBe(3);
		vi.advanceTimersByTime(1500);
		expect(FakeSocket.made).toHaveLength(2);
	});

	test('hears nothing more from a line that it has left', () => {
		const first = last();
		first.fail();
		vi.advanceTimersByTime(500);
		first.say({ type: 'heartbeat' });
		expect(frames).toHaveLength(0);
	});

	test('survives what is not JSON', () => {
		last().onmessage?.({ data: 'hmm' });
		expect(frames).toHaveLength(0);
	});

	test('stays down once stopped', () => {
		socket.stop();
		socket.wake();
		vi.advanceTimersByTime(120_000);
		expect(FakeSocket.made).toHaveLength(1);
	});
});

test('backoff doubles from half a second to thirty, anywhere below', () => {
	expect([0, 1, 2, 5, 6, 20].map((n) => backoff(n, () => 1))).toEqual([500, 1000, 2000, 16000, 30000, 30000]);
	expect(backoff(9, () => 0)).toBe(0);
});
