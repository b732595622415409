// What went wrong, in words for the person who was trying to do something.
import type { components } from './api.d.ts';
import { t, told } from '#lib/text/text.svelte.ts';

type Refusal = components['schemas']['Error'];

/** A Problem is an answer of the server that says no (RFC 9457), or the lack of any answer (status 0). */
export class Problem extends Error {
	constructor(
		readonly slug: string,
		readonly status: number,
		readonly title: string,
		readonly detail = '',
		readonly fields: { location: string; message: string }[] = [],
		readonly current: unknown = undefined,
		readonly requestId = '',
		/** Seconds that the server asks us to wait, or 0. */
		readonly retryAfter = 0,
		/** How many people it concerns, where it says so. */
		readonly people = 0
	) {
		super(detail || title);
		this.name = 'Problem';
	}

	/** Whether the same request may well succeed later, with nothing changed. */
	get passing(): boolean {
		return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
	}

	/** Whether the address leads to nothing: there is no such thing, or its id cannot be one. */
	get nowhere(): boolean {
		return this.status === 404 || (this.fields.length > 0 && this.fields.every((f) => f.location.startsWith('path.')));
	}

	/** The one plain sentence to show. */
	get words(): string {
		const key = `problems.${this.slug}`;
		return told(key) ? t(key) : this.detail || this.title || t('problems.internal');
	}

	/** What is wrong with one field of a form, such as "email" for body.email, or undefined. */
	field(name: string): string | undefined {
		return this.fields.find((f) => f.location === name || f.location === `body.${name}`)?.message;
	}
}

/** noAnswer stands for a request that reached nobody. */
export const noAnswer = () => new Problem('no-answer', 0, 'No answer');

/** problemFrom reads a refusal, whoever sent it: a proxy between may answer with a page of its own. */
export function problemFrom(response: Response, body: unknown): Problem {
	const { status, statusText } = response;
	const retryAfter = Number(response.headers.get('Retry-After')) || 0;
	const said = (typeof body === 'object' && body !== null ? body : {}) as Partial<Refusal>;
	if (!said.type) {
		const slug = status === 429 ? 'too-many' : status === 503 ? 'unavailable' : 'internal';
		return new Problem(slug, status, statusText, '', [], undefined, '', retryAfter);
	}
	const slug = said.type.replace(/^.*\/problems\//, '');
	const { title = '', detail, errors, current, requestId, people } = said;
	return new Problem(slug, status, title, detail, errors, current, requestId, retryAfter, people);
}

/** asProblem makes anything that was thrown fit to show. */
export function asProblem(thrown: unknown): Problem {
	return thrown instanceof Problem ? thrown : new Problem('internal', 500, '', '');
}
