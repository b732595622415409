// The files made from the code: docs/openapi.json from the endpoints, and the web app's types from that. With "check" it
// changes nothing, and fails when they are not current.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const check = process.argv[2] === 'check';
const description = 'docs/openapi.json';
const types = 'frontend/src/lib/api/api.d.ts';

function must(command, args, options) {
	const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, timeout: 120_000, ...options });
	if (status === 0) return stdout;
	console.error(`${command} ${args.join(' ')}: ${error?.message ?? `exit status ${status}`}\n${stdout}${stderr}`);
	process.exit(1);
}

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'guildhall-gen-'));
process.on('exit', () => fs.rmSync(temporary, { recursive: true, force: true }));
const made = { [description]: path.join(temporary, 'openapi.json'), [types]: path.join(temporary, 'api.d.ts') };
fs.writeFileSync(made[description], must('bin/guildhall', ['openapi']));
must('npm', ['exec', '--offline', '--', 'openapi-typescript', made[description], '-o', made[types]], { cwd: 'frontend' });

const stale = Object.keys(made).filter((file) => !fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== fs.readFileSync(made[file], 'utf8'));
for (const file of stale) {
	if (check) {
		console.error(`${file} is not current: run \`make gen\` and commit it.`);
		if (fs.existsSync(file)) console.error(spawnSync('diff', ['-u', file, made[file]], { encoding: 'utf8' }).stdout.split('\n').slice(0, 40).join('\n'));
	} else {
		fs.copyFileSync(made[file], file);
		console.log(`  ${file} is new`);
	}
}
process.exit(check && stale.length > 0 ? 1 : 0);
