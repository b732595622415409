// Links to things of this site, as they stand in what people write.

/** This many cards stand under one message. */
const MOST = 4;

const pages: [RegExp, string][] = [
	[/^\/stories\/(\d+)$/, 'story'],
	[/^\/topics\/(\d+)$/, 'topic'],
	[/^\/people\/(\d+)$/, 'person']
];

/** thingAt names what an address of this site leads to, such as story:12, or nothing. */
export function thingAt(address: string, origin: string): string | undefined {
	if (!URL.canParse(address, origin)) return;
	const url = new URL(address, origin);
	if (url.origin !== origin) return;
	const path = url.pathname.replace(/\/$/, '');
	const message = /^\/rooms\/\d+$/.test(path) && /^#m(\d+)$/.exec(url.hash);
	if (message) return `message:${message[1]}`;
	for (const [page, kind] of pages) {
		const found = page.exec(path);
		if (found) return `${kind}:${found[1]}`;
	}
}

/** thingsIn names the first four things that a message links to. Calling somebody by name is not linking to them. */
export function thingsIn(html: string, origin: string): string[] {
	const things = [...html.matchAll(/<a ([^>]*)>/g)].flatMap(([, attributes = '']) => {
		if (/class="mention"/.test(attributes)) return [];
		const href = /href="([^"]*)"/.exec(attributes)?.[1] ?? '';
		return thingAt(href.replaceAll('&amp;', '&'), origin) ?? [];
	});
	return [...new Set(things)].slice(0, MOST);
}

/** quoteOf writes a message as a quotation in Markdown, with who said it and where it stands. */
export function quoteOf(body: string, by: string, link: string): string {
	const lines = [...body.trim().split('\n'), '', `— [${by.replace(/[\\[\]]/g, '\\$&')}](${link})`];
	return lines.map((line) => `> ${line}`.trimEnd()).join('\n') + '\n\n';
}
