// What the buttons and keys of the box do to the words in it. Nothing here touches the page.

/** As many characters as a message may have, with the links behind its names. */
export const MOST = 8000;

/** Words with a selection, as a textarea has them. */
export type Written = { text: string; start: number; end: number };
export type Format = 'bold' | 'italic' | 'code' | 'list' | 'quote' | 'link';

/** The keys that do the same as the buttons, in the words of aria-keyshortcuts; on a Mac it is Command for Control. */
export const keys: Record<Format, string> = {
	bold: 'Control+B',
	italic: 'Control+I',
	code: 'Control+E',
	list: 'Control+Shift+8',
	quote: 'Control+Shift+9',
	link: 'Control+Shift+K'
};

type Key = Pick<KeyboardEvent, 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey' | 'key' | 'code'>;

/** formatOf is what a key asks for. Digits go by their place: with Shift, 8 is a star on one keyboard and a bracket on another. */
export function formatOf({ ctrlKey, metaKey, shiftKey, altKey, key, code }: Key): Format | undefined {
	if (!(ctrlKey || metaKey) || altKey) return;
	const sign = code.startsWith('Digit') ? code.slice(5) : key.toUpperCase();
	const pressed = `Control+${shiftKey ? 'Shift+' : ''}${sign}`;
	return (Object.keys(keys) as Format[]).find((kind) => keys[kind] === pressed);
}

/** format does what a button of the toolbar says, and undoes it where it has been done. */
export function format(kind: Format, w: Written): Written {
	switch (kind) {
		case 'bold':
			return wrap(w, '**');
		case 'italic':
			return wrap(w, '_');
		case 'code':
			return w.text.slice(w.start, w.end).includes('\n') ? fence(w) : wrap(w, '`');
		case 'list':
			return lines(w, '- ');
		case 'quote':
			return lines(w, '> ');
		case 'link':
			return link(w);
	}
}

/** wrap puts a mark on both sides of what is chosen, or takes it away. Spaces at its ends stay outside the marks. */
function wrap({ text, start, end }: Written, mark: string): Written {
	const chosen = text.slice(start, end);
	const words = chosen.trim();
	if (words) {
		start += chosen.indexOf(words);
		end = start + words.length;
	}
	const n = mark.length;
	if (text.slice(start - n, start) === mark && text.slice(end, end + n) === mark)
		return put(text, start - n, end + n, words, start - n, end - n);
	if (words.length > 2 * n && words.startsWith(mark) && words.endsWith(mark))
		return put(text, start, end, words.slice(n, -n), start, end - 2 * n);
	return put(text, start, end, mark + words + mark, start + n, start + n + words.length);
}

function fence({ text, start, end }: Written): Written {
	const before = start > 0 && text[start - 1] !== '\n' ? '\n' : '';
	const after = end < text.length && text[end] !== '\n' ? '\n' : '';
	const opened = `${before}\`\`\`\n`;
	const chosen = text.slice(start, end).replace(/\n$/, '');
	return put(
		text,
		start,
		end,
		`${opened}${chosen}\n\`\`\`${after}`,
		start + opened.length,
		start + opened.length + chosen.length
	);
}

/** lines puts a mark before each line that is touched, or takes it away where all of them have it. */
function lines({ text, start, end }: Written, mark: string): Written {
	const from = text.lastIndexOf('\n', start - 1) + 1;
	const next = text.indexOf('\n', end);
	const to = next < 0 ? text.length : next;
	const touched = text.slice(from, to).split('\n');
	const all = touched.every((line) => line.startsWith(mark));
	const changed = touched.map((line) => (all ? line.slice(mark.length) : line.startsWith(mark) ? line : mark + line));
	const written = changed.join('\n');
	if (start !== end) return put(text, from, to, written, from, from + written.length);
	const caret = Math.max(from, start + changed[0]!.length - touched[0]!.length);
	return put(text, from, to, written, caret, caret);
}

const address = /^(https?:\/\/|mailto:)\S+$/;

/** link makes what is chosen a link and chooses the part that is still to be filled in. */
function link({ text, start, end }: Written): Written {
	const chosen = text.slice(start, end).trim();
	if (address.test(chosen)) return put(text, start, end, `[](${chosen})`, start + 1, start + 1);
	const at = start + chosen.length + 3;
	return put(text, start, end, `[${chosen}](https://)`, at, at + 'https://'.length);
}

/** pasted makes a link of what is chosen when an address is pasted over it; otherwise pasting is the browser's. */
export function pasted(w: Written, clip: string): Written | undefined {
	const chosen = w.text.slice(w.start, w.end);
	if (!/^https?:\/\/\S+$/.test(clip) || !chosen.trim() || /[[\]\n]/.test(chosen) || address.test(chosen)) return;
	const caret = w.start + chosen.length + clip.length + 4;
	return put(w.text, w.start, w.end, `[${chosen}](${clip})`, caret, caret);
}

/** newLine goes on with the list or quote that the line is in, ends it on an empty item, or is undefined elsewhere. */
export function newLine({ text, start, end }: Written): Written | undefined {
	if (start !== end) return;
	const from = text.lastIndexOf('\n', start - 1) + 1;
	const [mark, indent, sign] = /^( *)([-*+] |\d{1,9}[.)] |> )/.exec(text.slice(from, start)) ?? [];
	if (mark === undefined || insideFence(text.slice(0, from))) return;
	if (text.slice(from + mark.length, start).trim() === '') return put(text, from, start, '', from, from);
	const number = /^(\d+)(.*)$/s.exec(sign!);
	const next = `\n${indent}${number ? Number(number[1]) + 1 + number[2]! : sign}`;
	return put(text, start, end, next, start + next.length, start + next.length);
}

const insideFence = (before: string) => (before.match(/^ {0,3}```/gm) ?? []).length % 2 === 1;

function put(text: string, from: number, to: number, written: string, start: number, end: number): Written {
	return { text: text.slice(0, from) + written + text.slice(to), start, end };
}

/** difference is the shortest stretch that turns one text into another, so that undoing takes back one step. */
export function difference(was: string, is: string): { from: number; to: number; written: string } {
	let from = 0;
	while (from < was.length && was[from] === is[from]) from++;
	let same = 0;
	while (same < was.length - from && same < is.length - from && was.at(-1 - same) === is.at(-1 - same)) same++;
	return { from, to: was.length - same, written: is.slice(from, is.length - same) };
}

// Mentions. In the box one reads "@Ruth Whitcombe"; what is kept and sent is Markdown, "[@Ruth Whitcombe](/people/12)".

/** Whom the names in the box mean: name to id. */
export type Names = Record<string, string>;

/** asking is what is being typed after an @ just before the caret: where the @ is, and the letters after it. */
export function asking(text: string, caret: number): { from: number; letters: string } | undefined {
	const found = /(?:^|[\s([{"'])@([\p{L}\p{M}\p{N}.'’-]*(?: [\p{L}\p{M}\p{N}.'’-]*)?)$/u.exec(text.slice(0, caret));
	if (!found) return;
	const letters = found[1]!;
	return { from: caret - letters.length - 1, letters };
}

/** named puts a name in the place of what was typed to find it. */
export function named(text: string, from: number, to: number, name: string): Written {
	const gap = /^[\s,.;:!?)]/.test(text.slice(to)) ? '' : ' ';
	const caret = from + name.length + 1 + (gap ? 1 : text[to] === ' ' ? 1 : 0);
	return put(text, from, to, `@${name}${gap}`, caret, caret);
}

/** labelFor is the name by which somebody stands in the box; who shares it with another who is named already, with a council. */
export function labelFor(who: { id: string; name: string; organisation: string }, names: Names): string {
	const taken = (label: string) => names[label] !== undefined && names[label] !== who.id;
	if (!taken(who.name)) return who.name;
	const longer = `${who.name} (${who.organisation || who.id})`;
	return taken(longer) ? `${who.name} (${who.id})` : longer;
}

const code = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)/;
const outsideCode = (text: string, change: (part: string) => string) =>
	text
		.split(code)
		.map((part, i) => (i % 2 ? part : change(part)))
		.join('');

/** toMarkdown is what is sent: each name that still stands in the text becomes a link to its person. */
export function toMarkdown(text: string, names: Names): string {
	// Longer names first: "Ann Lee" is in "Ann Leeson".
	const known = Object.keys(names).sort((a, b) => b.length - a.length);
	if (known.length === 0) return text;
	const any = new RegExp(`(?<![\\p{L}\\p{N}@])@(${known.map(literal).join('|')})(?![\\p{L}\\p{M}\\p{N}]|\\]\\()`, 'gu');
	return outsideCode(text, (part) =>
		part.replace(any, (_, name: string) => `[@${name.replace(/[\\[\]*_`~<&]/g, '\\$&')}](/people/${names[name]})`)
	);
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** fromMarkdown is the other way round: what stands in the box when something kept is opened again. */
export function fromMarkdown(md: string): { text: string; names: Names } {
	const names: Names = {};
	const text = outsideCode(md, (part) =>
		part.replace(/\[@((?:\\.|[^\]\\\n])+)\]\(\/people\/(\d+)\)/g, (whole, escaped: string, id: string) => {
			const name = escaped.replace(/\\([^\p{L}\p{N}\s])/gu, '$1');
			if (names[name] !== undefined && names[name] !== id) return whole;
			names[name] = id;
			return `@${name}`;
		})
	);
	return { text, names };
}

/** asksRoom says whether the text calls everybody in the room. */
export const asksRoom = (text: string) =>
	text.split(code).some((part, i) => i % 2 === 0 && /(?<![\p{L}\p{N}_@/])@room(?![\p{L}\p{N}_-])/u.test(part));
