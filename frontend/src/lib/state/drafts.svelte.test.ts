import { beforeEach, expect, test, vi } from 'vitest';
import type { StoredDraft } from '#lib/api/types.ts';
import { inMemory, type OutboxStore } from '#lib/realtime/outboxStore.ts';

const server = { items: [] as StoredDraft[], kept: [] as { room: string; body: string }[], version: 1, down: false };
const listeners = new Set<(frame: unknown) => void>();
vi.mock('./live.svelte.ts', () => ({
	live: {
		listen: (tell: (frame: unknown) => void) => {
			listeners.add(tell);
			return () => listeners.delete(tell);
		}
	}
}));
vi.mock('#lib/api/endpoints.ts', async () => {
	const { noAnswer } = await import('#lib/api/problem.ts');
	const answer = <A>(value: () => A) => (server.down ? Promise.reject(noAnswer()) : Promise.resolve(value()));
	return {
		listDrafts: () => answer(() => ({ items: server.items })),
		keepDraft: (room: string, { body }: { body: string }) =>
			answer(() => {
				server.kept.push({ room, body });
				return { roomId: room, body, version: ++server.version, updatedAt: '' };
			})
	};
});
const { Drafts } = await import('./drafts.svelte.ts');

const tell = (frame: unknown) => listeners.forEach((listener) => listener(frame));
const elsewhere = (body: string, version: number) =>
	tell({ type: 'draft', device: 'another', draft: { roomId: '9', body, version, updatedAt: '' } });

let store: OutboxStore;
let drafts: InstanceType<typeof Drafts>;
beforeEach(async () => {
	vi.useFakeTimers();
	listeners.clear();
	Object.assign(server, { items: [], kept: [], version: 1, down: false });
	store = inMemory();
	drafts = new Drafts();
	await drafts.open(store);
});
const rest = () => vi.advanceTimersByTimeAsync(1000);

test('kept here at once, and by the server when the writer rests', async () => {
	drafts.keep('9', undefined, 'D');
	drafts.keep('9', undefined, 'De');
	expect(await store.drafts()).toEqual([{ key: '9', body: 'De', version: 0 }]);
	expect(server.kept).toEqual([]);
	await rest();
	expect(server.kept).toEqual([{ room: '9', body: 'De' }]);
	expect(await store.drafts()).toEqual([]);
	expect(drafts.has('9')).toBe(true);
	drafts.sent('9');
	await rest();
	expect(server.kept.at(-1)).toEqual({ room: '9', body: '' });
	expect(drafts.has('9')).toBe(false);
});

test('another device is followed, but never over words that are only here', async () => {
	elsewhere('From the phone', 3);
	expect(drafts.of('9').body).toBe('From the phone');
	drafts.keep('9', undefined, 'From the desk');
	elsewhere('From the phone, longer', 4);
	expect(drafts.of('9')).toMatchObject({ body: 'From the desk', theirs: { body: 'From the phone, longer' } });
	await rest();
	expect(server.kept).toEqual([]);
	drafts.choose('9', undefined, 'theirs');
	expect(drafts.of('9')).toEqual({ body: 'From the phone, longer', version: 4, unkept: false });
	drafts.keep('9', undefined, 'Once more');
	elsewhere('', 5);
	expect(drafts.of('9')).toMatchObject({ body: 'Once more', theirs: undefined });
});

test('written without a network, it is with the server once the line is up; what came there meanwhile is asked about', async () => {
	server.down = true;
	drafts.keep('9', undefined, 'In the tunnel');
	drafts.keep('8', undefined, 'Another room');
	await rest();
	expect(await store.drafts()).toHaveLength(2);
	server.down = false;
	server.items = [{ roomId: '9', body: 'At the desk', version: 7, updatedAt: '' }];
	tell({ type: 'hello' });
	await rest();
	expect(server.kept).toEqual([{ room: '8', body: 'Another room' }]);
	expect(drafts.of('9')).toMatchObject({ body: 'In the tunnel', theirs: { body: 'At the desk' } });
	drafts.sent('9');
	expect(drafts.of('9').body).toBe('At the desk');
});

test('emptied while the line was down', async () => {
	elsewhere('Soon sent', 3);
	tell({ type: 'hello' });
	await rest();
	expect(drafts.of('9').body).toBe('');
});
