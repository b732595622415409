import { QueryClient } from '@tanstack/svelte-query';
import { beforeEach, expect, test } from 'vitest';
import type { Change, FollowedThread, Message, Page, ThreadMark } from '#lib/api/types.ts';
import { hasNewIn, setMark, setReply } from './threads.ts';

const person = (id: string) => ({ id, name: id, job: '', organisation: '', organisationId: '', former: false });
const said = (seq: number, author: string, more: Partial<Message> = {}): Message => ({
	...{ id: `m${seq}`, roomId: '9', seq, clientId: `c${seq}`, author: person(author), body: '', html: '' },
	...{ createdAt: '2026-03-12T10:00:00.000Z', editedAt: null, deletedAt: null, version: 1, ...more }
});
const reply = (seq: number, author: string, type: Change['type'] = 'message', of = 'm1'): Change => ({
	...{ type, room: '9', seq },
	message: said(seq, author, { threadId: of, thread: { replies: seq, lastSeq: seq, lastAt: null, people: [] } })
});
const mark = (more: Partial<ThreadMark> = {}): ThreadMark => ({
	...{ type: 'thread-read', room: '9', thread: 'm1', following: true, lastReadSeq: 2, lastSeq: 2, unread: 0, ...more }
});

let client: QueryClient;
const list = () => client.getQueryData<Page<FollowedThread>>(['threads'])!.items;
beforeEach(() => {
	client = new QueryClient();
	client.setQueryData<Page<FollowedThread>>(['threads'], {
		items: [{ root: said(1, 'me'), mark: mark(), kind: 'open', roomName: 'Room', spaceName: '', muted: false }]
	});
});

test('a reply of somebody else is counted once, mine and those elsewhere are not', () => {
	expect(setReply(client, reply(3, 'ben'), 'me')).toBe(true);
	setReply(client, reply(3, 'ben'), 'me');
	setReply(client, reply(4, 'me'), 'me');
	setReply(client, reply(5, 'ben', 'message', 'm2'), 'me');
	expect(list()[0]!.mark.unread).toBe(1);
	expect(list()[0]!.root.thread?.lastSeq).toBe(4);
	expect(hasNewIn(list()[0]!)).toBe(true);
	expect(hasNewIn({ ...list()[0]!, muted: true })).toBe(false);
});

test('an edit counts nothing, and what a deletion leaves is asked for', () => {
	setReply(client, reply(3, 'ben'), 'me');
	expect(setReply(client, reply(4, 'ben', 'edited'), 'me')).toBe(true);
	expect(list()[0]!.mark.unread).toBe(1);
	expect(setReply(client, reply(5, 'ben', 'deleted'), 'me')).toBe(false);
});

test('what was read on another device is taken, and an older count is not', () => {
	setReply(client, reply(3, 'ben'), 'me');
	expect(setMark(client, mark({ lastSeq: 2, unread: 0 }))).toBe(false);
	expect(list()[0]!.mark.unread).toBe(1);
	expect(setMark(client, mark({ lastSeq: 3, lastReadSeq: 3 }))).toBe(true);
	expect(list()[0]!.mark.unread).toBe(0);
});

test('a thread that is new to the list is asked for, and one that is left goes', () => {
	expect(setMark(client, mark({ thread: 'm7' }))).toBe(false);
	expect(setMark(client, mark({ thread: 'm7', following: false }))).toBe(true);
	setMark(client, mark({ following: false }));
	expect(list()).toEqual([]);
});
