import type { StoryQuery } from '#lib/api/endpoints.ts';
import type { StoryResults } from '#lib/api/types.ts';
import { evidenceOf, filters, stageOf, type Filter } from '#lib/stories.ts';

/** set lists the filters that are set, with the words to show for each. */
export function set(query: StoryQuery, found: StoryResults): { name: Filter; value: string; label: string }[] {
	return filters.flatMap((name) =>
		(query[name] ?? []).map((value) => {
			if (name === 'stage') return { name, value, label: stageOf(value) };
			if (name === 'evidence') return { name, value, label: evidenceOf(value) };
			const known = found.facets.find((f) => f.name === name)?.values.find((v) => v.value === value)?.label;
			const chip = found.chips.find((c) => c.kind === name && c.value === value)?.label;
			const lead = name === 'organisation' ? found.items.find((h) => h.leadId === value)?.leadName : undefined;
			return { name, value, label: known ?? chip ?? lead ?? value };
		})
	);
}
