// How much script and style the first view of a page brings over the wire, against what we allow ourselves. The first
// view is what the entry and a route's own parts import, without what is fetched later.
import { existsSync, readFileSync, statSync } from 'node:fs';

const KB = 1024;
const budget = { script: 150 * KB, style: 10 * KB };

type Part = { file: string; name?: string; imports?: string[]; css?: string[]; isEntry?: boolean };
const manifest: Record<string, Part> = JSON.parse(
	readFileSync('.svelte-kit/output/client/.vite/manifest.json', 'utf8')
);
const nodes = new Map<string, string>(); // the parts of the app's entry that make up its pages, by number
for (const key of Object.keys(manifest)) {
	const number = /nodes\/(\d+)\.js$/.exec(key)?.[1];
	if (number) nodes.set(number, key);
}

/** What a browser fetches for a file: the smallest form that the server has of it. */
const size = (file: string) => {
	const path = `build/${file}`;
	return statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size;
};

function parts(keys: string[]): Set<string> {
	const files = new Set<string>();
	const seen = new Set<string>();
	const visit = (key: string) => {
		if (seen.has(key)) return;
		seen.add(key);
		const part = manifest[key];
		if (!part) return;
		files.add(part.file);
		part.css?.forEach((file) => files.add(file));
		part.imports?.forEach(visit);
	};
	keys.forEach(visit);
	return files;
}

const entries = Object.keys(manifest).filter(
	(key) => manifest[key]!.isEntry && !nodes.has(/nodes\/(\d+)/.exec(key)?.[1] ?? '')
);

// The routes and the layouts around them, as the app's dictionary says: [page, [layouts]].
const dictionary = readFileSync('.svelte-kit/generated/build/client/app.js', 'utf8');
const routes = [...dictionary.matchAll(/"(\/[^"]*)": \[~?(\d+)(?:,\s*\[([\d,\s]*)\])?/g)];
if (routes.length === 0 || entries.length === 0) throw new Error('the build has another shape than this script knows');

let over = false;
for (const [, route, page, layouts = ''] of routes) {
	const numbers = ['0', page!, ...layouts.split(',').map((n) => n.trim())].filter(Boolean);
	const files = [...parts([...entries, ...numbers.map((n) => nodes.get(n)!)])];
	const sum = (ending: string) => files.filter((f) => f.endsWith(ending)).reduce((all, f) => all + size(f), 0);
	const [script, style] = [sum('.js'), sum('.css')];
	const bad = script > budget.script || style > budget.style;
	over ||= bad;
	const show = (bytes: number) => `${(bytes / KB).toFixed(1)} KB`.padStart(9);
	console.log(`${show(script)} script ${show(style)} style  ${route}${bad ? '  OVER' : ''}`);
}
if (over) {
	console.error(`The budget is ${budget.script / KB} KB of script and ${budget.style / KB} KB of style, compressed.`);
	process.exit(1);
}
