// What the build scripts share. Node's own library only: this runs before
// anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The time since then, as a person says it: 3.2 s, 4m05s. */
export function took(began) {
	const seconds = (Date.now() - began) / 1000;
	if (seconds < 60) return `${seconds.toFixed(1)} s`;
	return `${Math.floor(seconds / 60)}m${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
}

/** A hash of the files, and of those under the folders, by name and content. A path that is not there counts as such. */
export function digest(paths, salt = '') {
	const hash = createHash('sha256').update(salt);
	const add = (file) => {
		const info = fs.statSync(file, { throwIfNoEntry: false });
		if (!info) return hash.update(`${file} is not there\0`);
		if (!info.isDirectory()) return hash.update(`${file}\0${info.size}\0`).update(fs.readFileSync(file));
		for (const name of fs.readdirSync(file).sort()) if (name !== 'node_modules') add(path.join(file, name));
	};
	paths.forEach(add);
	return hash.digest('hex');
}

const children = new Set();
function endAll(signal) {
	for (const pid of children) {
		try {
			process.kill(-pid, signal);
		} catch {
			// It has just ended.
		}
	}
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
	process.on(signal, () => {
		endAll(signal);
		process.exitCode = 130;
		// Whatever does not take the hint.
		setTimeout(() => (endAll('SIGKILL'), process.exit(130)), 5000).unref();
	});
}

/**
 * Runs a command in a process group of its own, so that all it started can be ended with it. It never waits for ever,
 * and says every 20 seconds that it still waits, unless it has been given no title.
 */
export function run(command, { cwd = '.', env = {}, seconds = 900, title } = {}) {
	return new Promise((resolve) => {
		const began = Date.now();
		const child = spawn(command[0], command.slice(1), {
			cwd,
			env: { ...process.env, ...env },
			stdio: ['ignore', 'inherit', 'inherit'],
			detached: true
		});
		let hung = false;
		const alive = title && setInterval(() => console.log(`  … ${title}, ${took(began)} so far`), 20_000);
		const limit = setTimeout(() => {
			hung = true;
			endAll('SIGTERM');
			// A step within a step takes 5 seconds for the same.
			setTimeout(() => endAll('SIGKILL'), 8000).unref();
		}, seconds * 1000);
		const done = (code, why) => {
			clearInterval(alive);
			clearTimeout(limit);
			children.delete(child.pid);
			resolve({ code, why });
		};
		if (child.pid) children.add(child.pid);
		child.on('error', (error) => done(127, error.message));
		child.on('exit', (code, signal) => {
			if (hung) done(124, `it hung and was ended after ${seconds} s`);
			else if (signal) done(1, `ended by ${signal}`);
			else done(code, `exit status ${code}`);
		});
	});
}

/** Where PATH finds a program, or undefined. */
export function which(name) {
	for (const dir of (process.env.PATH ?? '').split(path.delimiter)) {
		const file = path.join(dir, name);
		try {
			fs.accessSync(file, fs.constants.X_OK);
			if (fs.statSync(file).isFile()) return file;
		} catch {
			// Not here.
		}
	}
}

/** A Chromium that Playwright can drive, or undefined. */
export function findChrome() {
	if (process.env.CHROME_PATH) return process.env.CHROME_PATH;
	for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
		const file = which(name);
		if (file) return file;
	}
	return [
		'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
		'/Applications/Chromium.app/Contents/MacOS/Chromium'
	].find((file) => fs.existsSync(file));
}

/** The folder of a PostgreSQL 15 or newer that is not from npm, or undefined. The launcher in server/pgrun looks in the same places. */
export function findPostgres() {
	const dirs = [];
	const list = (parent, pattern, rest) => {
		for (const name of fs.existsSync(parent) ? fs.readdirSync(parent) : []) {
			if (pattern.test(name)) dirs.push(path.join(parent, name, rest));
		}
	};
	list('/usr/lib/postgresql', /^\d+$/, 'bin');
	list('/usr', /^pgsql-\d+$/, 'bin');
	list('/usr/libexec', /^postgresql\d*$/, '');
	list('/opt/homebrew/opt', /^postgresql/, 'bin');
	list('/usr/local/opt', /^postgresql/, 'bin');
	list('/Applications/Postgres.app/Contents/Versions', /^\d+$/, 'bin');
	const onPath = which('postgres');
	if (onPath) dirs.push(path.dirname(fs.realpathSync(onPath)));
	return dirs.find((dir) => {
		if (!fs.existsSync(path.join(dir, 'initdb'))) return false;
		const said = spawnSync(path.join(dir, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout ?? '';
		return Number(/\) (\d+)/.exec(said)?.[1]) >= 15;
	});
}

/** Whether missing programs can be installed here without asking: Debian or its kin, as root. */
export function canInstall() {
	return os.userInfo().uid === 0 && fs.existsSync('/etc/debian_version') && which('apt-get') !== undefined;
}
