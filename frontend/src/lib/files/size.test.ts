import { describe, expect, test } from 'vitest';
import { fit, kindOf, sizeOf } from './size.ts';

describe('size', () => {
	test('as people say it', () => {
		expect(sizeOf(1, 'en-GB')).toBe('1 kB');
		expect(sizeOf(12_345, 'en-GB')).toBe('12 kB');
		expect(sizeOf(1_250_000, 'en-GB')).toBe('1.3 MB');
	});

	test('the kind is the ending', () => {
		expect(kindOf('Budget 2027.v2.xlsx')).toBe('XLSX');
		expect(kindOf('none')).toBe('');
	});

	test('a picture keeps its proportions and is never made larger', () => {
		expect(fit({ width: 4000, height: 3000 })).toEqual({ width: 360, height: 270 });
		expect(fit({ width: 100, height: 3000 })).toEqual({ width: 10, height: 300 });
		expect(fit({ width: 30, height: 20 })).toEqual({ width: 30, height: 20 });
		expect(fit({ width: 30_000, height: 1 })).toEqual({ width: 360, height: 1 });
	});
});
