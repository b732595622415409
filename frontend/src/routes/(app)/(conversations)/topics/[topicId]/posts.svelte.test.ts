import { afterEach, expect, test } from 'vitest';
import { useFetch } from '#lib/api/client.ts';
import { Posts } from './posts.svelte.ts';

afterEach(() => useFetch((...args) => fetch(...args)));

test('to the end while a page is on its way: each post once, and it ends', async () => {
	const all = Array.from({ length: 120 }, (_, i) => ({ id: `p${i + 1}`, number: i + 1 }));
	let asked = 0;
	useFetch(async (request) => {
		asked++;
		await new Promise((r) => setTimeout(r, 5));
		const after = Number(new URL((request as Request).url).searchParams.get('after') ?? 0);
		const items = all.slice(after, after + 50);
		return Response.json({ items, hasBefore: after > 0, hasAfter: after + 50 < all.length });
	});
	const posts = new Posts('7');
	await posts.load();
	void posts.later();
	await posts.toEnd();
	expect(posts.items.map((p) => p.number)).toEqual(all.map((p) => p.number));
	expect(asked).toBe(3);
	expect(posts.problem).toBeUndefined();
});
