// The threads that the reader follows, kept right without asking the server for each reply.
import type { QueryClient } from '@tanstack/svelte-query';
import type { Change, FollowedThread, Page, ThreadMark } from '#lib/api/types.ts';

type Threads = Page<FollowedThread>;

/** hasNewIn says whether a thread counts in a badge: something is new in it, and its room is not muted. */
export const hasNewIn = ({ mark, muted }: FollowedThread) => mark.unread > 0 && !muted;

/** setReply counts a change in the list of threads. It tells whether the list could; else it must be asked for again. */
export function setReply(client: QueryClient, { type, message }: Change, me: string): boolean {
	const items = client.getQueryData<Threads>(['threads'])?.items;
	const root = message?.threadId ?? message?.id;
	const was = items?.find((i) => i.root.id === root);
	if (!was || !message) return true;
	if (!message.threadId) {
		put(client, { ...was, root: { ...message, thread: was.root.thread } });
		return true;
	}
	// A reply that is gone may have been read or not.
	if (type !== 'message') return type === 'edited';
	if (message.seq <= was.mark.lastSeq) return true; // counted before
	const unread = Math.min(100, was.mark.unread + (message.author.id === me ? 0 : 1));
	put(client, {
		...was,
		root: { ...was.root, thread: message.thread },
		mark: { ...was.mark, lastSeq: message.seq, unread }
	});
	return true;
}

/** setMark takes how the reader stands to a thread, as told on any of their devices; the same answer as above. */
export function setMark(client: QueryClient, mark: ThreadMark): boolean {
	const was = client.getQueryData<Threads>(['threads'])?.items.find((i) => i.root.id === mark.thread);
	if (!was) return !mark.following;
	if (!mark.following) put(client, was, true);
	// Counted before the last reply that we know: the server's next word has both.
	else if (mark.lastSeq < was.mark.lastSeq) return false;
	else put(client, { ...was, mark });
	return true;
}

function put(client: QueryClient, now: FollowedThread, gone = false): void {
	client.setQueryData<Threads>(['threads'], (threads) => {
		if (!threads) return threads;
		const items = threads.items.flatMap((i) => (i.root.id !== now.root.id ? [i] : gone ? [] : [now]));
		return { ...threads, items };
	});
}
