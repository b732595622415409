import { expect, test } from 'vitest';
import { add, mark, understand, without } from './finding.ts';

test('words and operators are told apart', () => {
	const { parts, words, wrong } = understand('boiler "failed again" -summer from:"Ruth Okafor" in:housing has:file');
	expect(parts.map(({ name, value }) => `${name} ${value}`)).toEqual(['from Ruth Okafor', 'in housing', 'has file']);
	expect(words).toEqual(['boiler', 'failed', 'again']);
	expect(wrong).toBeUndefined();
	expect(understand('https://gov.uk from: "from:me"').parts).toEqual([]);
	for (const text of ['has:cheese', 'before:yesterday', 'after:2026-02-30'])
		expect(understand(text).wrong?.text).toBe(text);
	expect(understand('before:2026-03-31').wrong).toBeUndefined();
});

test('operators are added and taken away', () => {
	expect(add('boiler', 'from', 'Ruth Okafor')).toBe('boiler from:"Ruth Okafor"');
	expect(add('boiler before:2026-01-01', 'before', '2026-02-01')).toBe('boiler before:2026-02-01');
	expect(add('has:file', 'has', 'file')).toBe('has:file');
	expect(add('', 'in', 'The "big" one')).toBe('in:"The  big  one"');
	const text = 'boiler from:"Ruth Okafor" costs';
	expect(without(text, understand(text).parts[0]!)).toBe('boiler costs');
});

test('what was looked for is marked, endings too, and long texts are cut around it', () => {
	const said = (text: string, ...words: string[]) =>
		mark(text, words)
			.map((s) => (s.found ? `[${s.text}]` : s.text))
			.join('');
	expect(said('Boilers failed; the boiler <b>', 'boiler')).toBe('[Boilers] failed; the [boiler] <b>');
	expect(said('We repaired it', 'repairs')).toBe('We [repaired] it');
	expect(said('Ystafell Llŷn', 'llyn')).toBe('Ystafell [Llŷn]');
	expect(said('as assets', 'as')).toBe('[as] [assets]');
	const long = said(`${'before '.repeat(60)}boiler${' after'.repeat(90)}`, 'boiler');
	expect(long).toMatch(/^… before.*\[boiler\] after.*…$/);
	expect(long.length).toBeLessThan(320);
	expect(said('nothing')).toBe('nothing');
});
