import { expect, test } from 'vitest';
import { facetRows } from './facetRows.ts';

const value = (name: string, count: number, parent = '', selected = false) => ({
	value: name,
	label: name,
	count,
	selected,
	...(parent ? { parent } : {})
});
const shown = (values: ReturnType<typeof value>[]) =>
	facetRows({ name: 'area', values }).map((r) => (r.under ? `- ${r.value}` : r.value));

test('lower areas show under theirs, and only once it is chosen', () => {
	expect(shown([value('housing', 3), value('repairs', 2, 'housing'), value('planning', 9)])).toEqual([
		'planning',
		'housing'
	]);
	expect(shown([value('housing', 3, '', true), value('repairs', 2, 'housing')])).toEqual(['housing', '- repairs']);
	expect(shown([value('housing', 3), value('repairs', 2, 'housing', true)])).toEqual(['housing', '- repairs']);
});

test('a lower area whose own area is not in the list stands by itself', () => {
	expect(shown([value('repairs', 2, 'housing')])).toEqual(['repairs']);
});

test('other filters keep the order of the server', () => {
	const values = [value('2019', 1), value('2025', 9)];
	expect(facetRows({ name: 'year', values }).map((r) => r.value)).toEqual(['2019', '2025']);
});
