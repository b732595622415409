import { expect, test } from 'vitest';
import { addressOf, queryOf, toggled } from './stories.ts';

const read = (text: string) => queryOf(new URLSearchParams(text));

test('an address and a query say the same, both ways', () => {
	const address = '?q=damp+%26+mould&area=housing&area=planning&stage=business+case&sort=newest&page=3';
	expect(addressOf(read(address))).toBe(address);
	expect(addressOf({})).toBe('');
});

test('nonsense in an address is left out', () => {
	expect(read('?page=-1&q=+&area=&colour=red&area=a&area=a')).toEqual({ area: ['a'] });
	expect(read('?page=1.5')).toEqual({});
});

test('a filter is set, taken away, and starts again at page 1', () => {
	const query = read('?q=x&area=a&page=4');
	expect(toggled(query, 'area', 'b')).toMatchObject({ area: ['a', 'b'], page: undefined });
	expect(addressOf(toggled(query, 'area', 'a'))).toBe('?q=x');
});
