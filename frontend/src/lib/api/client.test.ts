import { afterEach, describe, expect, test, vi } from 'vitest';
import { onSignedOut, useFetch } from './client.ts';
import { getMe, getRoom, listChanges, listMessages, postMessage, searchStories, signOut } from './endpoints.ts';
import { Problem } from './problem.ts';

const answer = (status: number, body: unknown, headers = {}) =>
	useFetch(async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers }));

afterEach(() => useFetch((...args) => fetch(...args)));

test('an address repeats lists and leaves out what is not there', async () => {
	let asked = '';
	useFetch(async (request) => {
		asked = (request as Request).url;
		return new Response('{}');
	});
	await searchStories({ q: 'bins & roads', area: ['a', 'b'], stage: undefined });
	expect(new URL(asked).search).toBe('?q=bins%20%26%20roads&area=a&area=b');
});

describe('a refusal', () => {
	const refused = () =>
		getRoom('1').then(
			() => expect.unreachable(),
			(p) => p as Problem
		);

	test('is read with its fields', async () => {
		answer(422, {
			type: '/problems/invalid',
			title: 'Not right',
			detail: 'Too long',
			errors: [{ location: 'body.title', message: 'must be shorter' }]
		});
		const problem = await refused();
		expect(problem).toBeInstanceOf(Problem);
		expect(problem.slug).toBe('invalid');
		expect(problem.field('title')).toBe('must be shorter');
		expect(problem.passing).toBe(false);
	});

	test('of a proxy, in HTML, is still a problem, and a passing one', async () => {
		answer(503, '<html>busy</html>', { 'Retry-After': '7' });
		const problem = await refused();
		expect(problem.slug).toBe('unavailable');
		expect(problem.retryAfter).toBe(7);
		expect(problem.passing).toBe(true);
	});

	test('with an unknown type falls back on its own words', async () => {
		answer(409, { type: '/problems/quite-new', title: 'Quite new', detail: 'A rule of tomorrow.' });
		expect((await refused()).words).toBe('A rule of tomorrow.');
	});

	test('for want of a session is told', async () => {
		const tell = vi.fn();
		onSignedOut(tell);
		answer(401, { type: '/problems/sign-in', title: 'Sign in first' });
		await refused();
		expect(tell).toHaveBeenCalledOnce();
	});
});

test('no answer at all is a passing problem', async () => {
	useFetch(() => Promise.reject(new TypeError('Failed to fetch')));
	const problem = await getMe().then(
		() => expect.unreachable(),
		(p) => p as Problem
	);
	expect(problem.slug).toBe('no-answer');
	expect(problem.passing).toBe(true);
});

test('an answer that does not come in time is none', async () => {
	const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
		const stop = new AbortController();
		setTimeout(() => stop.abort(new DOMException('late', 'TimeoutError')), 5);
		return stop.signal;
	});
	useFetch(
		(request) =>
			new Promise((_, fail) => {
				const { signal } = request as Request;
				signal.addEventListener('abort', () => fail(signal.reason));
			})
	);
	for (const ask of [
		() => postMessage('1', { clientId: 'c', body: 'x' }),
		() => listChanges('1', 0),
		() => listMessages('1')
	])
		await expect(ask()).rejects.toMatchObject({ slug: 'no-answer', status: 0, passing: true });
	timeout.mockRestore();
});

test('an empty answer is no problem', async () => {
	useFetch(async () => new Response(null, { status: 204 }));
	await signOut();
});
