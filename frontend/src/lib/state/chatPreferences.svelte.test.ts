import { afterEach, expect, test } from 'vitest';
import { useFetch } from '#lib/api/client.ts';
import { chatPreferences, followPreferences, prefer } from './chatPreferences.svelte.ts';

const stored = { enterSends: true, readOn: 'scroll', announce: true, desktop: false, undisturbedUntil: null };
const answer = (more = {}) => new Response(JSON.stringify({ ...stored, now: '2026-03-12T10:00:00.000Z', ...more }));

afterEach(() => {
	useFetch((...args) => fetch(...args));
	localStorage.clear();
});

test('a choice does not flicker while older answers of the server come in', async () => {
	const asked: { method: string; body: Record<string, unknown>; give: (r: Response) => void }[] = [];
	useFetch(async (input) => {
		const request = input as Request;
		const body = request.method === 'PUT' ? await request.json() : {};
		return new Promise((give) => asked.push({ method: request.method, body, give }));
	});
	const next = async (method: string) => {
		await expect.poll(() => asked[0]?.method).toBe(method);
		return asked.shift()!;
	};
	const seen: boolean[] = [];
	const look = () => void seen.push(chatPreferences().enterSends);

	const stop = followPreferences();
	const load = await next('GET');
	const one = prefer({ enterSends: false });
	load.give(answer());
	const first = await next('PUT');
	look();
	const two = prefer({ announce: false });
	first.give(answer({ enterSends: false }));
	await one;
	look();
	expect(chatPreferences().announce).toBe(false);
	const second = await next('PUT');
	expect(second.body).toMatchObject({ enterSends: false, announce: false });
	second.give(answer({ enterSends: false, announce: false }));
	await two;
	look();
	expect(seen).toEqual([false, false, false]);
	expect(chatPreferences()).toMatchObject({ enterSends: false, announce: false });
	stop();
});
