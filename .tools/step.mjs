// Runs one step of the build: says what it does, skips it when nothing it reads
// has changed, ends it when it hangs, and passes its exit status on.
//
//   node .tools/step.mjs [--stamp NAME --of PATH... --makes PATH...] [--in DIR] [--timeout SECONDS] [--env NAME=VALUE] [--late yes] TITLE -- COMMAND...
//
// A stamp is a hash of the command and of every file under the paths, taken
// before the command runs, and kept when it succeeds. With --late a step that
// ends within half a second says nothing.
import fs from 'node:fs';
import path from 'node:path';
import { digest, run, took } from './lib.mjs';

const o = { of: [], makes: [], in: '.', timeout: '900', env: {} };
const args = process.argv.slice(2);
while (args[0]?.startsWith('--')) {
	const [name, value] = [args.shift().slice(2), args.shift()];
	if (Array.isArray(o[name])) o[name].push(value);
	else if (name === 'env') o.env[value.slice(0, value.indexOf('='))] = value.slice(value.indexOf('=') + 1);
	else o[name] = value;
}
const [title, dashes, ...command] = args;
if (dashes !== '--' || command.length === 0) {
	console.error('step.mjs: TITLE -- COMMAND... is missing');
	process.exit(2);
}

const stamp = o.stamp && path.join('.stamps', o.stamp);
const now = stamp && digest([...o.of].sort(), JSON.stringify([command, o.in]));
// What the step is about, for a program that caches by it.
o.env.GUILDHALL_INPUTS = now?.slice(0, 16) ?? '';
if (stamp && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === now && o.makes.every((file) => fs.existsSync(file))) {
	process.exit(0);
}
if (stamp) fs.rmSync(stamp, { force: true }); // a step that fails half-way is not current

const say = () => console.log(`▸ ${title}`);
const late = o.late && setTimeout(say, 500);
if (!late) say();
const began = Date.now();
const { code, why } = await run(command, { cwd: o.in, env: o.env, seconds: Number(o.timeout), title });
clearTimeout(late);
if (code !== 0) {
	console.error(`✗ ${title}: ${why}, after ${took(began)}`);
	process.exit(code);
}
for (const file of o.makes) {
	if (!fs.existsSync(file)) {
		console.error(`✗ ${title}: it ended well and did not make ${file}`);
		process.exit(1);
	}
}
if (Date.now() - began > 1000) console.log(`  ${title}: ${took(began)}`);
if (stamp) {
	fs.mkdirSync('.stamps', { recursive: true });
	fs.writeFileSync(stamp, now);
}
