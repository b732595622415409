import { tabTo } from './tabbing.ts';
import { expect, test } from './world.ts';

test('from signing in to a message and a story, by keyboard alone', async ({ visit, room }) => {
	const { id } = await room('By keyboard');
	const page = await visit('stranger');
	await page.goto(`/rooms/${id}`);

	// The first stop is the way past everything.
	await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
	await page.keyboard.press('Tab');
	await expect(page.getByRole('link', { name: 'Skip to main content' })).toBeFocused();
	await page.keyboard.press('Enter');
	await tabTo(page, 'Member');
	await page.keyboard.press('Enter');

	// The heading of the new page has the focus.
	await expect(page.getByRole('heading', { level: 1, name: /^By keyboard/ })).toBeFocused();
	await tabTo(page, /^Message By keyboard/);
	for (const line of ['First line', 'Second message']) {
		await page.keyboard.type(line);
		await page.keyboard.press('Shift+Enter');
		await page.keyboard.type('and its second line');
		await page.keyboard.press('Enter');
		await expect(page.getByRole('region', { name: /^Messages in/ }).getByText(line)).toBeVisible();
	}

	// Back into the list, which is one stop; then message by message, and to what can be done with one.
	await page.keyboard.press('Shift+Tab');
	const articles = page.getByRole('region', { name: /^Messages in/ }).getByRole('article');
	await expect(async () => {
		if (!(await articles.last().evaluate((el) => el === document.activeElement)))
			await page.keyboard.press('Shift+Tab');
		await expect(articles.last()).toBeFocused({ timeout: 200 });
	}).toPass();
	await page.keyboard.press('ArrowUp');
	await expect(articles.first()).toBeFocused();
	await page.keyboard.press('ArrowDown');
	await tabTo(page, 'Edit');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('textbox', { name: 'Edit your message' })).toBeFocused();
	await page.keyboard.press('Escape');
	await expect(articles.last()).toBeFocused();

	await tabTo(page, 'Delete');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('dialog')).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('dialog')).toBeHidden();

	// The account menu: open, arrows, choose, close.
	await tabTo(page, 'Your account', 'Shift+Tab');
	await page.keyboard.press('Enter');
	await page.keyboard.press('ArrowDown');
	await expect(page.getByRole('link', { name: 'Your profile' })).toBeFocused();
	const dark = page.getByRole('button', { name: 'Dark', exact: true });
	for (let i = 0; i < 20 && !(await dark.evaluate((el) => el === document.activeElement)); i++)
		await page.keyboard.press('ArrowDown');
	await expect(dark).toBeFocused();
	await page.keyboard.press('Enter');
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
	await page.keyboard.press('Escape');
	await expect(page.getByRole('button', { name: 'Your account' })).toBeFocused();

	// The library.
	await tabTo(page, 'Stories', 'Shift+Tab');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { level: 1, name: 'Transformation stories' })).toBeFocused();
	await tabTo(page, 'Search stories');
	await page.keyboard.type('damp and mould');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { level: 2 }).first()).toContainText('“damp and mould”');
	await tabTo(page, /^Housing and homelessness/);
	await page.keyboard.press('Space');
	await expect(page.getByRole('checkbox', { name: /^Housing and homelessness/ })).toBeChecked();
	await expect(page).toHaveURL(/area=/);
});
