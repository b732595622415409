import { readdirSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { cohort, expect, test, type Who } from './world.ts';

/** Every page of the app by its route, with an address of it; a test below sees to it that none is left out. */
type Ids = {
	space: string;
	room: string;
	talk: string;
	topic: string;
	story: string;
	person: string;
	organisation: string;
};
const pages: Record<string, { who?: Who | 'stranger'; at: (ids: Ids) => string[] }> = {
	'/': { at: () => ['/'] },
	'/sign-in': { who: 'stranger', at: () => ['/sign-in'] },
	'/accessibility': { who: 'stranger', at: () => ['/accessibility', '/no-such-page'] },
	'/privacy': { at: () => ['/privacy', '/stories/999999999'] },
	'/spaces': { at: () => ['/spaces'] },
	'/spaces/new': { who: 'admin', at: () => ['/spaces/new'] },
	'/spaces/[spaceId]': { who: 'facilitator', at: ({ space }) => [`/spaces/${space}`] },
	'/spaces/[spaceId]/forum': { at: ({ space }) => [`/spaces/${space}/forum`] },
	'/spaces/[spaceId]/forum/new': { at: ({ space }) => [`/spaces/${space}/forum/new`] },
	'/spaces/[spaceId]/rooms': { who: 'facilitator', at: ({ space }) => [`/spaces/${space}/rooms`] },
	'/spaces/[spaceId]/members': { who: 'moderator', at: ({ space }) => [`/spaces/${space}/members`] },
	'/conversations': { at: () => ['/conversations'] },
	'/conversations/new': { at: () => ['/conversations/new'] },
	'/rooms/[roomId]': { at: ({ room, talk }) => [`/rooms/${room}`, `/rooms/${talk}`] },
	'/threads': { at: () => ['/threads'] },
	'/topics/[topicId]': { who: 'moderator', at: ({ topic }) => [`/topics/${topic}`] },
	'/stories': { at: () => ['/stories', '/stories?q=repairs', '/stories?q=zzzzzz&stage=live'] },
	'/stories/[storyId]': { at: ({ story }) => [`/stories/${story}`] },
	'/search': { at: () => ['/search', '/search?q=repairs', '/search?q=zzzzzz'] },
	'/search/messages': {
		at: () => ['', '?q=the+review+has:link', '?q=we', '?q=zzzzzz+from:me+in:nowhere'].map((q) => `/search/messages${q}`)
	},
	'/people': { at: () => ['/people', '/people?q=zzzzzz'] },
	'/people/[personId]': { at: ({ person }) => [`/people/${person}`] },
	'/organisations': { at: () => ['/organisations'] },
	'/organisations/[organisationId]': { at: ({ organisation }) => [`/organisations/${organisation}`] },
	'/profile': { at: () => ['/profile'] },
	'/profile/sessions': { at: () => ['/profile/sessions'] },
	'/profile/chat': { at: () => ['/profile/chat'] },
	'/scheduled': { at: () => ['/scheduled'] }
};

function routes(folder = 'src/routes', path = ''): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		if (entry.name === '+page.svelte') return [path || '/'];
		if (!entry.isDirectory()) return [];
		return routes(`${folder}/${entry.name}`, entry.name.startsWith('(') ? path : `${path}/${entry.name}`);
	});
}

test('every page of the app is looked at', () => {
	expect(Object.keys(pages).sort()).toEqual(routes().sort());
});

/** What axe finds on the page, or in a part of it that lies over the rest. */
async function faults(page: Page, what: string, part?: string): Promise<string[]> {
	const axe = new AxeBuilder({ page }).withTags([
		'wcag2a',
		'wcag2aa',
		'wcag21a',
		'wcag21aa',
		'wcag22aa',
		'best-practice'
	]);
	if (part) axe.include(part);
	const { violations, passes } = await axe.analyze();
	expect(passes.length, what).toBeGreaterThan(0);
	return violations.flatMap((v) =>
		v.nodes.map((n) => `${what}: ${v.id}: ${n.target.join(' ')}: ${n.html.slice(0, 160)}`)
	);
}

async function ids(page: Page): Promise<Ids> {
	const first = async (path: string) => (await (await page.request.get(`/api${path}`)).json()).items[0];
	const space = await cohort(page.request);
	const rooms = (await (await page.request.get(`/api/spaces/${space}/rooms?limit=200`)).json()).items;
	const headers = { Origin: process.env.GUILDHALL_E2E_URL! };
	const data = {
		clientId: crypto.randomUUID(),
		title: 'Looked at by axe',
		body: '# A title\n\n- one\n- two\n\n> quoted'
	};
	const topic = await (await page.request.post(`/api/spaces/${space}/topics`, { data, headers })).json();
	return {
		space,
		topic: topic.id,
		room: rooms.find((r: { name: string }) => r.name === 'The corridor').id,
		talk: (await first('/conversations')).id,
		story: (await first('/stories')).id,
		person: (await first('/people')).id,
		organisation: (await first('/organisations')).id
	};
}

// Tall, so that nothing lies half behind the phone's tab bar, which axe would take for a target that is too small.
const looks = [
	{ colorScheme: 'light', width: 1440, height: 6000 },
	{ colorScheme: 'dark', width: 1440, height: 6000 },
	{ colorScheme: 'dark', width: 320, height: 12_000 },
	{ colorScheme: 'light', width: 320, height: 12_000 }
] as const;

// A few routes to a test, so that tests run side by side and each page is loaded once for all its looks.
const PER_TEST = 3;
const all = Object.entries(pages);
for (let at = 0; at < all.length; at += PER_TEST) {
	const some = all.slice(at, at + PER_TEST);
	test(`axe finds nothing on ${some.map(([route]) => route).join(', ')}`, async ({ visit }) => {
		test.setTimeout(300_000);
		const still = { reducedMotion: 'reduce' } as const; // colours on their way to others have no contrast to speak of
		const as = new Map([['member', await visit('member', still)]]);
		const known = await ids(as.get('member')!);
		const found: string[] = [];
		for (const [, { who = 'member', at }] of some) {
			if (!as.has(who)) as.set(who, await visit(who, still));
			const page = as.get(who)!;
			for (const path of at(known)) {
				await page.goto(path);
				await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
				await page.waitForLoadState('networkidle');
				for (const { colorScheme, width, height } of looks) {
					await page.emulateMedia({ colorScheme });
					await page.setViewportSize({ width, height });
					const what = `${path}, ${colorScheme}, ${width} px`;
					found.push(...(await faults(page, what)));
					const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
					if (wide > 0) found.push(`${what}: ${wide} px wider than the screen`);
				}
			}
		}
		expect(found).toEqual([]);
	});
}

test('axe finds nothing in what opens over a page', async ({ visit }) => {
	const page = await visit('facilitator', { viewport: { width: 390, height: 844 } });
	const known = await ids(page);
	const found: string[] = [];

	await page.goto('/');
	await page.getByRole('button', { name: 'Your account' }).click();
	found.push(...(await faults(page, 'account menu', 'header [aria-expanded=true] + *')));

	await page.goto('/stories');
	await page.getByRole('button', { name: 'Filter' }).click();
	found.push(...(await faults(page, 'filter sheet')));

	await page.goto(`/rooms/${known.room}`);
	await page.getByRole('button', { name: 'About this room' }).click();
	found.push(...(await faults(page, 'about this room')));

	await page.goto(`/spaces/${known.space}/members`);
	await page.getByRole('button', { name: 'Add a member' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Add a member' }).click();
	await expect(page.getByRole('alert')).toBeVisible();
	found.push(...(await faults(page, 'add a member, with an error')));

	await page.setViewportSize({ width: 1280, height: 800 });
	await page.goto(`/spaces/${known.space}`);
	await page.getByRole('button', { name: /^Choose a space/ }).click();
	found.push(...(await faults(page, 'space switcher', '[aria-expanded=true] + *')));
	expect(found).toEqual([]);
});
