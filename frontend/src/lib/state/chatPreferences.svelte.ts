// How a person likes to write and read, and when nothing should disturb them. The server keeps it for all their devices;
// what this device heard last is the first guess until the server has answered.
import { getChatPreferences, setChatPreferences } from '#lib/api/endpoints.ts';
import type { StoredPreferences } from '#lib/api/types.ts';
import { type Quiet, undisturbedUntil } from '#lib/time/quiet.ts';
import { live } from './live.svelte.ts';
import { session } from './session.svelte.ts';

const key = 'gh-chat';

export type ChatPreferences = {
	/** Enter sends, and Shift with Enter begins a line; else Enter begins a line, and Ctrl with Enter sends. */
	enterSends: boolean;
	/** All of a room counts as read when it is opened; else what has been on the screen for a second. */
	readOnOpening: boolean;
	/** New messages are read out to a screen reader. */
	announce: boolean;
	/** The hours in which nothing disturbs. */
	quiet?: Quiet;
	/** Nothing disturbs before this moment, whatever the hours. */
	undisturbedUntil: string | null;
	/** The buttons for bold, lists and so on are shown. Of this device alone: on a phone they take another's room. */
	toolbar: boolean;
};
const usual: ChatPreferences = {
	enterSends: true,
	readOnOpening: false,
	announce: true,
	undisturbedUntil: null,
	toolbar: false
};

function guessed(): Partial<ChatPreferences> {
	try {
		const found: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
		return typeof found === 'object' && found !== null ? found : {};
	} catch {
		return {};
	}
}

let now = $state.raw<ChatPreferences>({ ...usual, ...guessed() });

/** chatPreferences gives them as they are now. */
export const chatPreferences = (): ChatPreferences => now;

/** undisturbed says until when nothing should disturb the person; undefined while they may be. */
export const undisturbed = (at: Date): Date | undefined =>
	undisturbedUntil(at, session.zone, now.quiet, now.undisturbedUntil);

/** mayDisturb says whether a sound or a notification may come just now. */
export const mayDisturb = (at: Date): boolean => !undisturbed(at);

function take(to: ChatPreferences): void {
	now = to;
	try {
		localStorage.setItem(key, JSON.stringify(to));
	} catch {
		// Storage may be shut off by policy. The server has them all the same.
	}
}

const stored = (p: ChatPreferences): StoredPreferences => ({
	enterSends: p.enterSends,
	readOn: p.readOnOpening ? 'opening' : 'scroll',
	announce: p.announce,
	quiet: p.quiet,
	undisturbedUntil: p.undisturbedUntil
});

function heard({ enterSends, readOn, announce, quiet, undisturbedUntil }: StoredPreferences): void {
	const { toolbar } = now;
	take({ enterSends, readOnOpening: readOn === 'opening', announce, quiet, undisturbedUntil, toolbar });
}

// One after the other: each change sends all of them, and must not undo the one before it.
let last: Promise<unknown> = Promise.resolve();
function inTurn<A>(act: () => Promise<A>): Promise<A> {
	const turn = last.then(act);
	last = turn.catch(() => {});
	return turn;
}

/** How many changes the server has not answered yet: what it had before them is not shown again. */
let pending = 0;

/** prefer changes some of them, at once on this device and then everywhere. Where the server refuses, it is undone and throws. */
export async function prefer(change: Partial<ChatPreferences>): Promise<void> {
	const was = now;
	take({ ...now, ...change });
	if (Object.keys(change).every((name) => name === 'toolbar')) return;
	pending++;
	await inTurn(async () => {
		try {
			const answer = await setChatPreferences(stored({ ...now, ...change }));
			if (pending === 1) heard(answer);
		} catch (thrown) {
			const back = Object.keys(change).map((name) => [name, was[name as keyof ChatPreferences]]);
			take({ ...now, ...Object.fromEntries(back) });
			throw thrown;
		} finally {
			pending--;
		}
	});
}

/** followPreferences loads them, and again whenever another device has changed them, until it is stopped. */
export function followPreferences(): () => void {
	// Without an answer the guess holds until the line is up again.
	const load = () =>
		void inTurn(async () => {
			const answer = await getChatPreferences();
			if (pending === 0) heard(answer);
		}).catch(() => {});
	load();
	let connected = false;
	return live.listen((frame) => {
		if (frame.type === 'chat-preferences' || (frame.type === 'hello' && connected)) load();
		if (frame.type === 'hello') connected = true;
	});
}
