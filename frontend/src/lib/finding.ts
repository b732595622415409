// A search for messages, as it stands in the box: words and operators. The server understands the same (chat.Search).

/** An operator, with what follows it and how it was written. */
export type Part = { name: 'from' | 'in' | 'has' | 'before' | 'after'; value: string; text: string };
export type Query = {
	parts: Part[];
	/** To be marked in what is found: words, without those that must not be there. */
	words: string[];
	/** The operator that means nothing, such as a day that is none. */
	wrong: Part | undefined;
};

const pieces = /[^\s"]*"[^"]*"?[^\s"]*|[^\s"]+/g;
const operator = /^(from|in|has|before|after):(.+)$/is;

const isDay = (text: string) =>
	/^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00Z`).toJSON()?.startsWith(text) === true;
const isRight = ({ name, value }: Part) =>
	name === 'has' ? /^(file|link)$/i.test(value) : name === 'before' || name === 'after' ? isDay(value) : true;

/** understand reads a search. */
export function understand(text: string): Query {
	const query: Query = { parts: [], words: [], wrong: undefined };
	for (const piece of text.match(pieces) ?? []) {
		const [, name, quoted] = operator.exec(piece) ?? [];
		const value = quoted?.replaceAll('"', '') ?? '';
		if (name && value) query.parts.push({ name: name.toLowerCase() as Part['name'], value, text: piece });
		else if (!piece.startsWith('-')) query.words.push(...(piece.match(/[\p{L}\p{N}]+/gu) ?? []));
	}
	query.wrong = query.parts.find((p) => !isRight(p));
	return query;
}

/** add puts an operator at the end of a search; before and after are there once only. */
export function add(text: string, name: Part['name'], value: string): string {
	const same = (p: Part) => p.name === name && (name === 'before' || name === 'after' || p.value === value);
	const rest = understand(text).parts.filter(same).reduce(without, text);
	const plain = value.replaceAll('"', ' ').trim();
	return `${rest} ${name}:${/\s/.test(plain) ? `"${plain}"` : plain}`.trim();
}

/** without takes an operator out of a search. */
export const without = (text: string, part: Part): string => text.replace(part.text, ' ').replace(/\s+/g, ' ').trim();

/** A stretch of text, and whether it is what was looked for. */
export type Stretch = { text: string; found: boolean };

const plain = (word: string) => word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
/** Endings that the search looks through, roughly: repair, repairs, repaired, repairing. */
const stem = (word: string) => {
	const short = plain(word).replace(/(ings?|ies|ed|es|s|e|y)$/, '');
	return short.length >= 3 ? short : plain(word);
};

/** mark cuts a text where words of the search stand, and shortens it to what is around the first of them. */
export function mark(text: string, words: string[], most = 280): Stretch[] {
	const stems = words.map(stem);
	const all: Stretch[] = [];
	for (const part of text
		.replace(/\s+/g, ' ')
		.trim()
		.match(/[\p{L}\p{N}\p{M}]+|[^\p{L}\p{N}\p{M}]+/gu) ?? []) {
		const found = stems.some((s) => plain(part).startsWith(s) && plain(part).length <= s.length + 5);
		const last = all.at(-1);
		if (last && !last.found && !found) last.text += part;
		else all.push({ text: part, found });
	}
	const [first] = all;
	if (first && !first.found && all.length > 1 && first.text.length > 90)
		first.text = `…${first.text.slice(first.text.indexOf(' ', first.text.length - 80))}`;
	let left = most;
	const out: Stretch[] = [];
	for (const s of all) {
		if (s.text.length > left) {
			out.push({ text: `${s.text.slice(0, Math.max(0, s.text.lastIndexOf(' ', left)))}…`, found: false });
			break;
		}
		out.push(s);
		left -= s.text.length;
	}
	return out;
}

/** textOf gives the text of a message as it is read, without its form. */
export function textOf(html: string): string {
	const body = new DOMParser().parseFromString(
		html.replace(/<\/(p|li|h\d|pre|tr|blockquote)>|<br\s*\/?>/g, '$& '),
		'text/html'
	).body;
	return body.textContent ?? '';
}
