import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync('src/tokens.css', 'utf8');
const tokens = (block: string) =>
	Object.fromEntries([...block.matchAll(/--gh-([\w-]+):\s*(#[0-9A-Fa-f]{6})/g)].map(([, n, v]) => [n!, v!]));

const light = tokens(css.slice(0, css.indexOf('@media (prefers-color-scheme: dark)')));
const system = tokens(
	css.slice(css.indexOf('@media (prefers-color-scheme: dark)'), css.indexOf(":root[data-theme='dark']"))
);
const dark = tokens(css.slice(css.indexOf(":root[data-theme='dark']")));

/** The relative luminance and the contrast ratio of WCAG 2. */
function luminance(hex: string): number {
	const [r, g, b] = [1, 3, 5]
		.map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
		.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function ratio(a: string, b: string): number {
	const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
	return (high + 0.05) / (low + 0.05);
}

// What stands on what, and how far they must stand apart: 7 is AAA text, 4.5 AA text, 3 what is not text.
const pairs: [string, string, number][] = [
	...['canvas', 'surface', 'sunken', 'raised'].flatMap((on): [string, string, number][] => [
		['ink', on, 7],
		['ink-2', on, 7],
		['ink-3', on, 4.5],
		['line-strong', on, 3]
	]),
	...['canvas', 'surface', 'raised'].map((on): [string, string, number] => ['link', on, 7]),
	['link', 'sunken', 4.5],
	['link-hover', 'canvas', 7],
	['link-hover', 'surface', 7],
	['on-brand', 'brand', 7],
	['on-brand', 'brand-hover', 7],
	['brand', 'surface', 7],
	['brand', 'brand-tint', 7],
	['ink', 'brand-tint', 7],
	['ink-2', 'brand-tint', 4.5],
	['ink-3', 'brand-tint', 4.5],
	['brass', 'brass-tint', 4.5],
	['brass', 'canvas', 4.5],
	['brass', 'surface', 4.5],
	['ink', 'brass-tint', 7],
	['ink-2', 'brass-tint', 4.5],
	...['info', 'success', 'warning', 'danger'].flatMap((name): [string, string, number][] => [
		[name, `${name}-tint`, 4.5],
		[name, 'surface', 4.5]
	]),
	['danger', 'canvas', 4.5],
	['danger', 'raised', 4.5],
	['presence', 'surface', 3],
	['presence', 'sunken', 3],
	['brass-line', 'surface', 3],
	['brass-line', 'canvas', 3],
	['ink', 'mark', 7],
	['link', 'mark', 4.5],
	['canvas', 'ink', 7],
	['focus', 'focus-edge', 3]
];

test.each([
	['light', light],
	['dark', dark]
])('every pair has its contrast in %s', (_, theme) => {
	const poor = pairs
		.map(([text, on, need]) => ({ text, on, need, has: ratio(theme[text]!, theme[on]!) }))
		.filter(({ need, has }) => !(has >= need));
	expect(poor).toEqual([]);
});

test('the dark theme is the same whether the device or the person asks for it', () => {
	expect(system).toEqual(dark);
	expect(Object.keys(dark).filter((name) => !(name in light))).toEqual([]);
});

test('initials are white on colours that carry them', () => {
	const avatars = [...readFileSync('src/app.css', 'utf8').matchAll(/\.avatar-\d \{\s*background: (#\w{6})/g)];
	expect(avatars).toHaveLength(6);
	for (const [, colour] of avatars) expect(ratio('#FFFFFF', colour!)).toBeGreaterThanOrEqual(7);
});
