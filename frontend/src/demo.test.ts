import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import en from '#lib/text/en.public.json';

type Person = { key: string; name: string; job: string };
type Space = { kind: string; name: string; members: Record<string, string> };
const demo = (file: string) => JSON.parse(readFileSync(`../server/seed/demo/${file}.json`, 'utf8'));

test('the page to sign in names the people of the demonstration as they are', () => {
	const cohorts = (demo('spaces') as Space[]).filter((s) => s.kind === 'cohort');
	for (const key of ['Moderator', 'Facilitator', 'Member', 'Outsider', 'Admin'] as const) {
		const { name, job } = (demo('people') as Person[]).find((p) => p.key === key.toLowerCase())!;
		const hint = en.signIn[`demo${key}Hint`];
		expect(hint).toContain(name);
		if (key === 'Admin') continue;
		expect(hint).toContain(job.split(',')[0]);
		const cohort = cohorts.find((s) => s.members[key.toLowerCase()])!;
		expect(hint).toContain(cohort.name.split(',')[0]);
	}
});
