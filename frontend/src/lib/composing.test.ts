import { describe, expect, test } from 'vitest';
import {
	asking,
	asksRoom,
	difference,
	format,
	formatOf,
	fromMarkdown,
	labelFor,
	named,
	newLine,
	pasted,
	toMarkdown,
	type Written
} from './composing.ts';

/** One text with its selection between bars, or its caret at the only one. */
function at(marked: string): Written {
	const [a, b, c] = marked.split('|');
	return c === undefined
		? { text: a! + b!, start: a!.length, end: a!.length }
		: { text: a! + b! + c, start: a!.length, end: a!.length + b!.length };
}
const shown = (w: Written | undefined) =>
	w &&
	(w.start === w.end
		? `${w.text.slice(0, w.start)}|${w.text.slice(w.start)}`
		: `${w.text.slice(0, w.start)}|${w.text.slice(w.start, w.end)}|${w.text.slice(w.end)}`);

test('a key with Control asks for a format', () => {
	const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, code: '', key: '' };
	expect(formatOf({ ...none, ctrlKey: true, key: 'b' })).toBe('bold');
	expect(formatOf({ ...none, metaKey: true, shiftKey: true, key: '*', code: 'Digit8' })).toBe('list');
	expect(formatOf({ ...none, ctrlKey: true, key: 'k' })).toBeUndefined();
	expect(formatOf({ ...none, ctrlKey: true, altKey: true, key: 'e' })).toBeUndefined();
	expect(formatOf({ ...none, key: 'b' })).toBeUndefined();
});

test.each([
	['bold', 'say |this| now', 'say **|this|** now'],
	['bold', 'say **|this|** now', 'say |this| now'],
	['bold', 'say |**this**| now', 'say |this| now'],
	['bold', 'say | this | now', 'say  **|this|**  now'],
	['bold', 'say |', 'say **|**'],
	['bold', 'say **|**', 'say |'],
	['italic', '**|both|**', '**_|both|_**'],
	['code', 'the |x| key', 'the `|x|` key'],
	['code', 'the |a\nb| end', 'the \n```\n|a\nb|\n```\n end'],
	['list', 'one|', '- one|'],
	['list', '- one|', 'one|'],
	['list', '|one\ntwo|\nthree', '|- one\n- two|\nthree'],
	['list', '|- one\n- two|', '|one\ntwo|'],
	['list', '|- one\ntwo|', '|- one\n- two|'],
	['list', '|', '- |'],
	['list', '-| one', '|one'],
	['quote', 'a\nb|\nc', 'a\n> b|\nc'],
	['link', 'see |this|', 'see [this](|https://|)'],
	['link', 'see |', 'see [](|https://|)'],
	['link', 'see |https://a.example/x|', 'see [|](https://a.example/x)']
] as const)('%s: %s becomes %s', (kind, from, to) => {
	expect(shown(format(kind, at(from)))).toBe(to);
});

test.each([
	['- one|', '- one\n- |'],
	['- one|two', '- one\n- |two'],
	['  * one|', '  * one\n  * |'],
	['9. nine|', '9. nine\n10. |'],
	['1) one|', '1) one\n2) |'],
	['> said|', '> said\n> |'],
	['- one\n- |', '- one\n|'],
	['plain|', undefined],
	['-no|', undefined],
	['|- one', undefined],
	['```\n- a|', undefined],
	['- |a|b', undefined]
])('Enter in %j gives %j', (from, to) => {
	expect(shown(newLine(at(from)))).toBe(to);
});

test('an address pasted over words makes a link of them', () => {
	expect(shown(pasted(at('see |our page| now'), 'https://a.example/x'))).toBe(
		'see [our page](https://a.example/x)| now'
	);
	expect(pasted(at('see |'), 'https://a.example/x')).toBeUndefined();
	expect(pasted(at('see |this|'), 'just words')).toBeUndefined();
	expect(pasted(at('see |https://b.example|'), 'https://a.example')).toBeUndefined();
});

test.each([
	['say this', 'say **this**'],
	['aaa', 'aaaa'],
	['aaaa', 'aa'],
	['', 'x'],
	['x', ''],
	['same', 'same']
])('the difference from %j to %j leads there', (was, is) => {
	const { from, to, written } = difference(was, is);
	expect(was.slice(0, from) + written + was.slice(to)).toBe(is);
});

describe('mentions', () => {
	test.each([
		['@|', '', 0],
		['@ru|', 'ru', 0],
		['Thanks @Ruth W|', 'Ruth W', 7],
		["(@O'Nei|", "O'Nei", 1],
		['line\n@Siân|', 'Siân', 5],
		['me@council|', undefined, 0],
		['@a b c|', undefined, 0],
		['@@|', undefined, 0]
	])('%j asks for %j', (text, letters, from) => {
		const { text: all, start } = at(text);
		expect(asking(all, start)).toEqual(letters === undefined ? undefined : { from, letters });
	});

	test('a name takes the place of the letters and leaves one space', () => {
		expect(shown(named('Hi @ru', 3, 6, 'Ruth'))).toBe('Hi @Ruth |');
		expect(shown(named('Hi @ru and all', 3, 6, 'Ruth'))).toBe('Hi @Ruth |and all');
		expect(shown(named('Hi @ru, all', 3, 6, 'Ruth'))).toBe('Hi @Ruth|, all');
	});

	test('names become links, each to its own person, and come back as names', () => {
		const names = { 'Ann Lee': '1', 'Ann Leeson': '2', 'O*Neil [x]': '3', 'Ann Lee (Wrenford)': '4' };
		const text = '@Ann Leeson and @Ann Lee, @Ann Lee (Wrenford)! @O*Neil [x] x@Ann Lee `@Ann Lee` @Ann Leesons';
		const md = toMarkdown(text, names);
		expect(md).toBe(
			'[@Ann Leeson](/people/2) and [@Ann Lee](/people/1), [@Ann Lee (Wrenford)](/people/4)! [@O\\*Neil \\[x\\]](/people/3) x@Ann Lee `@Ann Lee` @Ann Leesons'
		);
		expect(fromMarkdown(md)).toEqual({ text, names });
		expect(toMarkdown(text, {})).toBe(text);
	});

	test('one label never stands for two people', () => {
		const two = '[@Ann](/people/1) [@Ann](/people/2)';
		const { text, names } = fromMarkdown(two);
		expect(text).toBe('@Ann [@Ann](/people/2)');
		expect(toMarkdown(text, names)).toBe(two);
		expect(labelFor({ id: '2', name: 'Ann', organisation: 'Wrenford' }, names)).toBe('Ann (Wrenford)');
		expect(labelFor({ id: '1', name: 'Ann', organisation: 'Wrenford' }, names)).toBe('Ann');
	});

	test.each([
		['@room please', true],
		['Dear @room.', true],
		['(@room)', true],
		['me@room.example', false],
		['@roommate', false],
		['`@room`', false],
		['```\n@room\n```', false]
	])('%j calls everybody: %s', (text, all) => expect(asksRoom(text)).toBe(all));
});
