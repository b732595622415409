// `make test` and `make check`: runs every part, also after one has failed, and ends with one line that says how it went.
// Each part is a target of the Makefile that can be run by itself.
import { canInstall, findChrome, findPostgres, run, took, which } from './lib.mjs';

const whole = process.argv[2] !== 'check';
const command = whole ? 'make test' : 'make check';
const began = Date.now();
const leftOut = [];

if (whole && canInstall()) {
	const missing = [];
	if (!which('gcc') && !process.env.CC) missing.push('gcc', 'libc6-dev');
	if (!findChrome()) missing.push('chromium');
	if (!process.env.GUILDHALL_TEST_DATABASE_URL && !process.env.GUILDHALL_PG_BIN && !findPostgres()) missing.push('postgresql');
	if (missing.length > 0) {
		console.log(`▸ Installing ${missing.join(', ')}`);
		const env = { DEBIAN_FRONTEND: 'noninteractive' };
		const update = await run(['apt-get', '-q', 'update'], { env, seconds: 300, title: 'apt-get update' });
		// Its failure is no end: what is missing is told below.
		if (update.code === 0) {
			await run(['apt-get', '-q', '-y', '--no-install-recommends', 'install', ...missing], { env, seconds: 900, title: 'apt-get install' });
		}
	}
}

const chrome = findChrome();
const env = { MAKEFLAGS: '', MFLAGS: '' };
if (chrome) env.CHROME_PATH = chrome;
if (whole) {
	if (which('gcc') || which('clang') || process.env.CC) env.RACE = '-race';
	else leftOut.push('the race detector, which needs a C compiler (Debian: apt install gcc libc6-dev; macOS: xcode-select --install)');
	if (!chrome) leftOut.push('everything in a browser, which needs Chromium or Chrome (Debian: apt install chromium; else set CHROME_PATH to it)');
}

const parts = [
	['the build', 'build'],
	['Go formatting and linters', 'lint-go'],
	['other systems', 'vet-others'],
	['generated files', 'gen-check'],
	['Go tests', 'test-go'],
	['prettier and eslint', 'lint-web'],
	['svelte-check', 'check-web'],
	['the weight of the web app', 'budget'],
	whole && chrome ? ['web app tests', 'test-web'] : ['web app tests without a browser', 'test-web-unit'],
	whole && chrome && ['browser tests', 'e2e']
].filter(Boolean);

const failed = [];
for (const [title, target] of parts) {
	const started = Date.now();
	const { code } = await run(['make', '--no-print-directory', target], { env, seconds: 1800 });
	if (process.exitCode === 130) process.exit(130);
	console.log(code === 0 ? `✓ ${title}: ${took(started)}` : `✗ ${title}: FAILED after ${took(started)} (again by itself: make ${target})`);
	if (code !== 0) failed.push(title);
	if (code !== 0 && target === 'build') {
		failed.push('and all that follows it was not tried');
		break;
	}
}

console.log('');
for (const what of leftOut) console.log(`!!! LEFT OUT: ${what}`);
if (failed.length > 0) {
	console.log(`${command}: FAILED after ${took(began)}: ${failed.join(', ')}`);
	process.exit(1);
}
const all = leftOut.length > 0 ? `what was run passed, ${leftOut.length} LEFT OUT (see above),` : 'everything passed';
console.log(`${command}: ${all} in ${took(began)}`);
