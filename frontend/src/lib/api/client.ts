// The one way to the server. Every request of the app goes through here, and is checked against the API's description.
import createClient from 'openapi-fetch';
import type { paths } from './api.d.ts';
import { noAnswer, problemFrom } from './problem.ts';

let through: typeof fetch = (...args) => fetch(...args);
let whenSignedOut = () => {};

/** useFetch puts another fetch in its place, for tests. */
export function useFetch(other: typeof fetch): void {
	through = other;
}

/** onSignedOut is told when the server no longer knows who we are. */
export function onSignedOut(tell: () => void): void {
	whenSignedOut = tell;
}

/** signedOut says so, to whoever is told by onSignedOut. */
export function signedOut(): void {
	whenSignedOut();
}

export const client = createClient<paths>({
	baseUrl: new URL('/api', globalThis.location?.href ?? 'http://localhost').href,
	credentials: 'same-origin',
	fetch: (request) => through(request)
});

type Answer = { data?: unknown; error?: unknown; response: Response };

/** take gives what the server sent, or throws a Problem. */
export async function take<A extends Answer>(asked: Promise<A>): Promise<NonNullable<A['data']>> {
	let answer: A;
	try {
		answer = await asked;
	} catch (thrown) {
		// An aborted request is nobody's problem: whoever aborted it does not wait.
		if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown;
		throw noAnswer();
	}
	if (answer.response.ok) return answer.data as NonNullable<A['data']>;
	const problem = problemFrom(answer.response, answer.error);
	if (problem.status === 401 && problem.slug === 'sign-in') whenSignedOut();
	throw problem;
}
