// `make dev`: the Go server, built and started again when its sources change, and Vite for the web app, which passes
// /api on to it. Both end with Ctrl-C. A build that fails leaves the running server alone.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const listen = process.env.GUILDHALL_LISTEN ?? '127.0.0.1:8080';
const site = 'http://localhost:5173';
const watched = ['cmd', 'server', 'search', 'migrations', 'frontend/src/lib/text', 'go.mod'];
const binary = 'bin/guildhall-dev';
const inherit = { stdio: ['ignore', 'inherit', 'inherit'] };
// People come by Vite's address, so links and the check of a request's origin are about that one.
const env = { ...process.env, GUILDHALL_URL: process.env.GUILDHALL_URL ?? site, GUILDHALL_DEV_SERVER: `http://${listen}` };

let server;
let ending = false;
let building = false;
let again = false;

const exit = (child) => new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve()));

async function restart() {
	if (building) {
		again = true;
		return;
	}
	building = true;
	do {
		again = false;
		const began = Date.now();
		// As `make build` does it, so that what is compiled serves both.
		const build = spawn('go', ['build', '-trimpath', '-o', binary, './cmd/guildhall'], { ...inherit, env: { ...env, CGO_ENABLED: '0' } });
		await exit(build);
		if (build.exitCode !== 0) {
			if (!server) return end(1);
			console.error('▸ The server did not build; the one before it goes on.');
			continue;
		}
		const first = !server;
		if (server) {
			server.removeAllListeners('exit'); // this end is wanted
			server.kill('SIGTERM');
			await exit(server);
		}
		if (ending) return;
		console.log(`▸ The server is built (${((Date.now() - began) / 1000).toFixed(1)} s) and starts`);
		server = spawn(binary, ['serve', '--demo', '--listen', listen], { ...inherit, env });
		// What stops the first start will not go away by an edit: an address in use, say.
		server.once('exit', (code) => first && end(code || 1));
	} while (again);
	building = false;
}

let soon;
function changed(file) {
	if (!/\.(go|mod|sql|json|html|css|txt|md|csv|jsonl)$/.test(file ?? '') || /_test\.go$/.test(file)) return;
	clearTimeout(soon); // an editor writes several files, and each several times
	soon = setTimeout(restart, 150);
}
for (const what of watched) {
	const folder = fs.statSync(what).isDirectory();
	fs.watch(what, { recursive: folder }, (_, name) => changed(folder ? path.join(what, name ?? '') : what));
}

// Not by npm, which leaves it behind when it is ended early.
const vite = spawn('node_modules/.bin/vite', ['dev', '--port', '5173', '--strictPort'], { ...inherit, cwd: 'frontend', env });
vite.on('exit', (code) => end(code ?? 1));
await restart();
for (const url of [`http://${listen}/readyz`, site]) await answers(url);
if (!ending) console.log(`▸ Open ${site}`);

/** Waits until a request is answered well, or all ends. */
async function answers(url) {
	while (!ending && !(await fetch(url).then((r) => r.ok, () => false))) await new Promise((r) => setTimeout(r, 100));
}

async function end(code) {
	if (ending) return;
	ending = true;
	for (const child of [server, vite]) child?.kill('SIGTERM');
	await Promise.all([server, vite].filter(Boolean).map(exit));
	fs.rmSync(binary, { force: true });
	process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0));
