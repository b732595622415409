import { expect, test } from 'vitest';
import { uuid7 } from './uuid.ts';

test('is the example of RFC 9562, appendix A.6', () => {
	const random = Uint8Array.of(0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f);
	expect(uuid7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
});

test('sorts by time and does not repeat', () => {
	const many = Array.from({ length: 500 }, (_, i) => uuid7(1_700_000_000_000 + i));
	expect([...many].sort()).toEqual(many);
	expect(new Set(many).size).toBe(500);
});
