// The one way to the server. Every request of the app goes through here.
import { noAnswer, problemFrom } from './problem.ts';

type Values = Record<string, string | number | boolean | readonly string[] | null | undefined>;
type Options = { query?: Values; body?: unknown; signal?: AbortSignal };

let ask: typeof fetch = (...args) => fetch(...args);
let whenSignedOut = () => {};

/** useFetch puts another fetch in its place, for tests. */
export function useFetch(other: typeof fetch): void {
	ask = other;
}

/** onSignedOut is told when the server no longer knows who we are. */
export function onSignedOut(tell: () => void): void {
	whenSignedOut = tell;
}

/** address writes a path under /api with its query; empty values are left out, lists are repeated. */
export function address(path: string, query: Values = {}): string {
	const params = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) {
		if (Array.isArray(value)) for (const one of value) params.append(name, one);
		else if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
	}
	const search = params.toString();
	return `/api${path}${search ? `?${search}` : ''}`;
}

async function request<T>(method: string, path: string, { query, body, signal }: Options = {}): Promise<T> {
	let response: Response;
	try {
		response = await ask(address(path, query), {
			method,
			signal,
			credentials: 'same-origin',
			headers: {
				Accept: 'application/json',
				...(method === 'GET' ? {} : { 'Content-Type': 'application/json' })
			},
			body: body === undefined ? undefined : JSON.stringify(body)
		});
	} catch (thrown) {
		if (signal?.aborted) throw thrown;
		throw noAnswer();
	}
	if (!response.ok) {
		const problem = await problemFrom(response);
		if (problem.status === 401 && problem.slug === 'sign-in') whenSignedOut();
		throw problem;
	}
	const text = await response.text();
	return (text ? JSON.parse(text) : {}) as T;
}

export const api = {
	get: <T>(path: string, query?: Values, signal?: AbortSignal) => request<T>('GET', path, { query, signal }),
	post: <T>(path: string, body: unknown = {}) => request<T>('POST', path, { body }),
	put: <T>(path: string, body: unknown) => request<T>('PUT', path, { body }),
	patch: <T>(path: string, body: unknown) => request<T>('PATCH', path, { body }),
	delete: <T>(path: string, body?: unknown) => request<T>('DELETE', path, { body })
};
