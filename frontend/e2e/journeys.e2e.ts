import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';

/** A browser of its own, signed in as a person of the demonstration; every console error fails the test. */
async function signedIn(browser: Browser, as: string, options = {}): Promise<{ context: BrowserContext; page: Page }> {
	const context = await browser.newContext(options);
	const origin = test.info().project.use.baseURL as string;
	const answer = await context.request.post('/api/demo/sign-in', { data: { as }, headers: { Origin: origin } });
	expect(answer.status()).toBe(200);
	return { context, page: await context.newPage() };
}

async function firstRoom(context: BrowserContext): Promise<string> {
	const rooms = (await (await context.request.get('/api/rooms')).json()) as { items: { id: string; name: string }[] };
	const room = rooms.items.find((r) => r.name === 'Review day, 21 January');
	expect(room, 'the demo has this room').toBeTruthy();
	return room!.id;
}

function code(): string | undefined {
	const folder = join(process.env.E2E_DATA!, 'data', 'mail');
	try {
		const mails = readdirSync(folder).filter((name) => name.endsWith('.eml'));
		return mails
			.map((name) => /[B-Z2-9]{4} [B-Z2-9]{4}/.exec(readFileSync(join(folder, name), 'utf8'))?.[0])
			.find(Boolean);
	} catch {
		return undefined;
	}
}

test('sign in by a code that comes by mail', async ({ page }) => {
	await page.goto('/sign-in');
	await page.getByRole('textbox').first().fill('sian.llewellyn@thornsea.example');
	await page.keyboard.press('Enter');
	await expect.poll(code, { timeout: 15_000 }).toBeTruthy();
	await page.getByLabel(/code/i).fill(code()!);
	await page.keyboard.press('Enter');
	await expect(page).not.toHaveURL(/sign-in/);
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('two browsers chat; a cut network loses and doubles nothing', async ({ browser }) => {
	const one = await signedIn(browser, 'member');
	const two = await signedIn(browser, 'facilitator');
	const room = await firstRoom(one.context);
	await one.page.goto(`/rooms/${room}`);
	await two.page.goto(`/rooms/${room}`);
	const mark = Date.now().toString(36);
	const say = async (page: Page, text: string) => {
		const box = page.getByRole('textbox', { name: /message/i });
		await box.fill(`${text} ${mark}`);
		await box.press('Enter');
	};
	// The hidden log repeats what has just come, for screen readers; the list itself is articles.
	const shown = (page: Page, text: string) => page.getByRole('article').filter({ hasText: `${text} ${mark}` });
	await say(one.page, 'First');
	await expect(shown(two.page, 'First')).toHaveCount(1);
	await two.context.setOffline(true);
	await say(one.page, 'Second');
	await say(one.page, 'Third');
	await say(two.page, 'From the tunnel');
	await expect(shown(one.page, 'Third')).toHaveCount(1);
	await two.context.setOffline(false);
	for (const page of [one.page, two.page]) {
		for (const text of ['First', 'Second', 'Third', 'From the tunnel']) {
			await expect(shown(page, text)).toHaveCount(1, { timeout: 40_000 });
		}
	}
	await one.context.close();
	await two.context.close();
});

test('a misspelt search finds the story', async ({ browser }) => {
	const { context, page } = await signedIn(browser, 'member');
	await page.goto('/stories?q=houseing+repairs');
	await expect(page.getByRole('link', { name: /Online housing repairs/ })).toBeVisible();
	await context.close();
});

const pages = [
	'/',
	'/spaces',
	'/stories',
	'/stories?q=repairs',
	'/people',
	'/organisations',
	'/profile',
	'/profile/sessions',
	'/accessibility',
	'/privacy',
	'/no-such-page'
];

for (const colorScheme of ['light', 'dark'] as const) {
	// Tall, so that nothing lies half behind the phone's tab bar, which axe would take for a target that is too small.
	for (const viewport of [
		{ width: 1440, height: 6000 },
		{ width: 390, height: 12000 }
	]) {
		test(`axe finds nothing, ${colorScheme}, ${viewport.width} px`, async ({ browser }) => {
			test.setTimeout(180_000);
			const { context, page } = await signedIn(browser, 'member', { colorScheme, viewport });
			const broken: string[] = [];
			page.on('console', (m) => {
				if (m.type() === 'error' && !m.text().includes('404')) broken.push(`${page.url()}: ${m.text()}`);
			});
			page.on('pageerror', (e) => broken.push(`${page.url()}: ${e.message}`));
			const room = await firstRoom(context);
			for (const path of [...pages, `/rooms/${room}`]) {
				await page.goto(path);
				await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
				await page.waitForLoadState('networkidle');
				const { violations } = await new AxeBuilder({ page })
					.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
					.analyze();
				for (const v of violations)
					broken.push(`${path}: ${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
			}
			expect(broken).toEqual([]);
			await context.close();
		});
	}
}
