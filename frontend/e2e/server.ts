// Starts the real server with the demo network, on a free port with a data folder of its own, and ends it after the tests.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const binary = process.env.GUILDHALL_BIN ?? resolve('../bin/guildhall');

function freePort(): Promise<number> {
	return new Promise((found, failed) => {
		const probe = createServer();
		probe.once('error', failed);
		probe.listen(0, '127.0.0.1', () => {
			const address = probe.address();
			probe.close(() => (address && typeof address === 'object' ? found(address.port) : failed(new Error('no port'))));
		});
	});
}

export default async function start(): Promise<() => Promise<void>> {
	if (!existsSync(binary)) throw new Error(`There is no ${binary}. Build it first: make build`);
	const data = await mkdtemp(join(tmpdir(), 'guildhall-e2e-'));
	// PostgreSQL refuses to run as root, and its account must be able to pass through to its folder.
	await chmod(data, 0o711);
	const url = `http://127.0.0.1:${await freePort()}`;

	const server = spawn(binary, ['serve', '--demo', '--listen', url.slice('http://'.length), '--data', data]);
	let said = '';
	for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (said = (said + text).slice(-8000)));
	const ended = new Promise<void>((done) => server.once('exit', () => done()));

	const until = Date.now() + 90_000;
	while (
		!(await fetch(`${url}/api/site`).then(
			(r) => r.ok,
			() => false
		))
	) {
		if (server.exitCode !== null || Date.now() > until) {
			server.kill('SIGKILL');
			throw new Error(`The server did not start.\n${said}`);
		}
		await new Promise((r) => setTimeout(r, 200));
	}
	process.env.GUILDHALL_E2E_URL = url;
	process.env.GUILDHALL_E2E_DATA = data;

	return async () => {
		server.kill('SIGTERM');
		await Promise.race([ended, new Promise((r) => setTimeout(r, 20_000))]);
		if (server.exitCode === null) server.kill('SIGKILL');
		await rm(data, { recursive: true, force: true });
	};
}
