import { expect, test } from './world.ts';

test('the page speaks Welsh where it can, and says where it cannot', async ({ visit }) => {
	const page = await visit('stranger');
	await page.goto('/sign-in');
	await page.getByRole('button', { name: 'Cymraeg' }).click();
	await expect(page.locator('html')).toHaveAttribute('lang', 'cy-GB');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Mewngofnodi');
	// What the Welsh catalogue lacks is English, and marked so.
	await expect(page.getByRole('heading', { name: 'Look around' }).locator('span')).toHaveAttribute('lang', 'en');
	await page.reload();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Mewngofnodi');
	await page.getByRole('button', { name: 'English' }).click();
	await expect(page.locator('html')).toHaveAttribute('lang', 'en-GB');
});

test('dates are Welsh where the page is', async ({ visit }) => {
	const page = await visit('member');
	await page.goto('/');
	await expect(page.getByText('Thursday 21 January 2027')).toBeVisible();
	await page.getByRole('button', { name: 'Cymraeg' }).click();
	await expect(page.getByText('Dydd Iau 21 Ionawr 2027')).toBeVisible();
});

test('the appearance that was chosen is there before the first paint', async ({ visit }) => {
	const page = await visit('member', { colorScheme: 'light' });
	await page.goto('/');
	await page.getByLabel('Appearance').selectOption('dark');
	const colour = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
	await page.addInitScript(() => {
		document.addEventListener('readystatechange', () => {
			if (document.readyState === 'interactive')
				(window as unknown as { early?: string }).early = document.documentElement.dataset.theme;
		});
	});
	await page.reload();
	expect(await page.evaluate(() => (window as unknown as { early?: string }).early)).toBe('dark');
	expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(colour);
});
