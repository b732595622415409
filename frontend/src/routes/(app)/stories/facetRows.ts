import type { Facet } from '#lib/api/types.ts';

export type FacetRow = Facet['values'][number] & { under: boolean };

/**
 * facetRows puts the values of a filter in the order in which they are shown. Service areas have two levels: the lower
 * ones stand under their area, once it or one of them is chosen, so that the list stays short.
 */
export function facetRows({ name, values }: Facet): FacetRow[] {
	if (name !== 'area') return values.map((value) => ({ ...value, under: false }));
	const tops = values.filter((v) => !v.parent || !values.some((top) => top.value === v.parent));
	return tops
		.toSorted((a, b) => b.count - a.count)
		.flatMap((top) => {
			const lower = values.filter((v) => v.parent === top.value);
			const open = top.selected || lower.some((v) => v.selected);
			return [{ ...top, under: false }, ...(open ? lower.map((v) => ({ ...v, under: true })) : [])];
		});
}
