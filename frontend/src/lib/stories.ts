// The state of a search of the library, which is its address: back, forward and a shared link all say the same thing.
import type { StoryQuery, StorySort } from '#lib/api/endpoints.ts';
import { t, told } from '#lib/text/text.svelte.ts';

/** The filters of the library, in the order in which they stand beside the results. */
export const filters = ['area', 'type', 'region', 'stage', 'year', 'evidence', 'organisation'] as const;
export type Filter = (typeof filters)[number];

export const sorts: StorySort[] = ['relevance', 'newest', 'oldest'];

/** queryOf reads the search from an address; what it does not know it leaves out. */
export function queryOf(params: Pick<URLSearchParams, 'get' | 'getAll'>): StoryQuery {
	const query: StoryQuery = {};
	const q = params.get('q')?.trim();
	if (q) query.q = q;
	for (const name of filters) {
		const values = [...new Set(params.getAll(name).filter(Boolean))];
		if (values.length > 0) query[name] = values;
	}
	const sort = sorts.find((known) => known === params.get('sort'));
	if (sort) query.sort = sort;
	const page = Number(params.get('page'));
	if (Number.isInteger(page) && page > 1) query.page = page;
	return query;
}

/** addressOf writes the search as the query of an address. */
export function addressOf(query: StoryQuery): '' | `?${string}` {
	const params = new URLSearchParams();
	if (query.q) params.set('q', query.q);
	for (const name of filters) for (const value of query[name] ?? []) params.append(name, value);
	if (query.sort) params.set('sort', query.sort);
	if (query.page && query.page > 1) params.set('page', String(query.page));
	const text = params.toString();
	return text ? `?${text}` : '';
}

/** toggled sets or takes away one value of a filter. A change of what is asked begins at the first page. */
export function toggled(query: StoryQuery, name: Filter, value: string): StoryQuery {
	const values = query[name] ?? [];
	const next = values.includes(value) ? values.filter((v) => v !== value) : [...values, value];
	return { ...query, [name]: next.length > 0 ? next : undefined, page: undefined };
}

/** stageOf and evidenceOf write what the server names, in the reader's words. */
export const stageOf = (stage: string) => (told(`stages.${stage}`) ? t(`stages.${stage}` as 'stages.live') : stage);
export const evidenceOf = (evidence: string) =>
	told(`evidence.${evidence}`) ? t(`evidence.${evidence}` as 'evidence.supplier') : evidence;
