import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import cy from './cy.json';
import en from './en.json';
import open from './en.public.json';

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, under = ''): Map<string, string> {
	const out = new Map<string, string>();
	for (const [key, value] of Object.entries(tree)) {
		if (typeof value === 'string') out.set(under + key, value);
		else for (const [k, v] of flat(value, `${under}${key}.`)) out.set(k, v);
	}
	return out;
}
const english = new Map([...flat(en), ...flat(open)]);
const welsh = flat(cy as Tree);
const plural = /_(zero|one|two|few|many|other)$/;
const bare = (key: string) => key.replace(plural, '');
const values = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g))].sort();

function sources(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) return sources(path);
		return /\.(svelte|ts)$/.test(entry.name) && !entry.name.includes('.test.') ? [readFileSync(path, 'utf8')] : [];
	});
}

test('every Welsh key is an English key, with the same values in it', () => {
	const known = new Set([...english.keys()].map(bare));
	expect([...welsh.keys()].filter((key) => !known.has(bare(key)))).toEqual([]);
	for (const [key, text] of welsh) {
		const original = english.get(key) ?? english.get(`${bare(key)}_other`) ?? '';
		expect(values(text), key).toEqual(values(original));
	}
});

test('plurals are whole: every form of the language, or none', () => {
	const forms = (keys: string[], wanted: string[]) => {
		const roots = new Set(keys.filter((k) => plural.test(k)).map(bare));
		const all = new Set(keys);
		return [...roots].flatMap((root) => wanted.map((f) => `${root}_${f}`)).filter((k) => !all.has(k));
	};
	expect(forms([...english.keys()], ['one', 'other'])).toEqual([]);
	expect(forms([...welsh.keys()], ['zero', 'one', 'two', 'few', 'many', 'other'])).toEqual([]);
});

// That each key that is used exists is checked by the type of t(), in svelte-check. This is the other way round.
test('every English key is used in the app', () => {
	const code = sources('src').join('\n');
	// Keys that are put together at run time, or that only the server says.
	const made = [
		/^problems\./,
		/^stages\./,
		/^evidence\./,
		/^mail\./,
		/^(accessibility|privacy)\.\D+\d$/,
		/^search\.(kind|by|set|hint)_/
	];
	const together = [
		/^roles\./,
		/^stories\.(facet|sort)_/,
		/^spaces\.(kind|kindOf|nameHint|admission)_/,
		/^spaces\.(residentialFrom|residentialTo)$/
	];
	const unused = [...english.keys()].filter((key) => {
		if ([...made, ...together].some((m) => m.test(key))) return false;
		return !['"', "'", '`'].some((quote) => code.includes(`${quote}${bare(key)}${quote}`));
	});
	expect(unused).toEqual([]);
});

test('what Welsh lacks is counted', () => {
	const have = new Set([...welsh.keys()].map(bare));
	const missing = new Set([...english.keys()].map(bare).filter((key) => !have.has(key)));
	console.info(`Welsh lacks ${missing.size} of ${new Set([...english.keys()].map(bare)).size} texts`);
	expect(missing.size).toBeLessThan(english.size);
});
