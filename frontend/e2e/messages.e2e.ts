import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { box } from './room.ts';
import { expect, press, test } from './world.ts';

const row = (page: Page, text: string) => page.locator('article.message', { hasText: text });

async function say(page: Page, text: string, shown = text) {
	await box(page).fill(text);
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	// Its tools are there once the server has it.
	await expect(row(page, shown).locator('.message-tools')).toHaveCount(1);
}

/** act opens the menu of a message and chooses something in it. */
async function act(message: Locator, name: string) {
	await press(message, /^More$/);
	const menu = message.page().getByRole('group', { name: 'Message actions' });
	await expect(menu).toBeVisible();
	await menu.getByRole('button', { name, exact: true }).click();
	await expect(menu).toHaveCount(0);
}

test.describe('what is done to a message', () => {
	test('reactions reach the other browser, count once, and are taken back', async ({ visit, room }) => {
		const { id } = await room('Reactions');
		const [member, facilitator] = [await visit('member'), await visit('facilitator')];
		for (const page of [member, facilitator]) await page.goto(`/rooms/${id}`);
		await say(member, 'We are live');
		const theirs = row(facilitator, 'We are live');
		await act(theirs, 'Heart');
		const hearts = (page: Page, name: string) => row(page, 'We are live').getByRole('button', { name });
		await expect(hearts(member, 'Heart, 1 person')).toHaveAttribute('aria-pressed', 'false');
		await hearts(member, 'Heart, 1 person').click();
		await expect(hearts(facilitator, 'Heart, 2 people, you too')).toHaveAttribute('aria-pressed', 'true');
		const scan = await new AxeBuilder({ page: facilitator }).analyze();
		expect(scan.violations).toEqual([]);
		await hearts(facilitator, 'Heart, 2 people, you too').click();
		await expect(hearts(member, 'Heart, 1 person, you too')).toBeVisible();
	});

	test('by keyboard: open, walk, choose, and come back to the button', async ({ visit, room }) => {
		const { id } = await room('Keys');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		await say(page, 'Typed');
		const more = row(page, 'Typed').getByRole('button', { name: 'More', exact: true });
		await row(page, 'Typed').focus();
		await more.focus();
		await page.keyboard.press('Enter');
		await expect(page.getByRole('button', { name: 'Thumbs up', exact: true })).toBeFocused();
		await page.keyboard.press('ArrowRight');
		await expect(page.getByRole('button', { name: 'Heart', exact: true })).toBeFocused();
		const scan = await new AxeBuilder({ page }).analyze();
		expect(scan.violations).toEqual([]);
		await page.keyboard.press('Escape');
		await expect(more).toBeFocused();
	});

	test('a pin is seen by all, found again, and let go', async ({ visit, room }) => {
		const { id } = await room('Pins');
		const [member, facilitator] = [await visit('member'), await visit('facilitator')];
		for (const page of [member, facilitator]) await page.goto(`/rooms/${id}`);
		await say(member, 'The dial-in is 1234');
		await act(row(facilitator, 'The dial-in is 1234'), 'Pin');
		await expect(row(member, 'The dial-in is 1234').getByText('Pinned')).toBeVisible();
		await member.getByRole('button', { name: 'Pinned messages' }).click();
		const dialog = member.getByRole('dialog', { name: 'Pinned messages' });
		await expect(dialog.getByText('The dial-in is 1234')).toBeVisible();
		await expect(dialog.getByRole('button', { name: 'Unpin' })).toHaveCount(0);
		await act(row(facilitator, 'The dial-in is 1234'), 'Unpin');
		await expect(dialog.getByText('Nothing is pinned here yet')).toBeVisible();
	});

	test('forwarding goes where all see it, and nowhere else', async ({ visit, room }) => {
		const [from, to] = [await room('From'), await room('Into')];
		const page = await visit('member');
		await page.goto(`/rooms/${from.id}`);
		await say(page, 'Figures for the board');
		await act(row(page, 'Figures for the board'), 'Forward');
		const dialog = page.getByRole('dialog', { name: 'Forward this message' });
		const scan = await new AxeBuilder({ page }).analyze();
		expect(scan.violations).toEqual([]);
		await dialog.getByLabel('Find a room').fill('Into');
		await dialog.getByRole('radio').last().check();
		await dialog.getByLabel('Your own words').fill('Worth a look');
		await dialog.getByRole('button', { name: 'Forward', exact: true }).click();
		await expect(dialog).toHaveCount(0);
		const other = await visit('facilitator');
		await other.goto(`/rooms/${to.id}`);
		await expect(row(other, 'Worth a look').getByText('Figures for the board')).toBeVisible();
		// When the original goes, so does what it said.
		await act(row(page, 'Figures for the board'), 'Delete');
		await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
		await expect(page.getByText('This message was deleted.')).toBeVisible();
		await other.reload();
		await expect(row(other, 'Worth a look').getByText('no longer there')).toBeVisible();
	});

	test('a message is quoted in the forum, and its wordings are kept', async ({ visit, room }) => {
		const { id } = await room('Quotes');
		const [member, facilitator] = [await visit('member'), await visit('facilitator')];
		for (const page of [member, facilitator]) await page.goto(`/rooms/${id}`);
		await say(member, 'First wording');
		await act(row(member, 'First wording'), 'Edit');
		await member.getByRole('textbox', { name: 'Edit your message' }).fill('Second wording');
		await member.keyboard.press('Enter');
		await row(facilitator, 'Second wording').getByRole('button', { name: 'Edited' }).click();
		const dialog = facilitator.getByRole('dialog', { name: 'How this message was written' });
		await expect(dialog.getByText('First wording')).toBeVisible();
		await dialog.getByRole('button', { name: 'Close' }).click();
		await act(row(facilitator, 'Second wording'), 'Quote in the forum');
		await expect(facilitator).toHaveURL(/\/forum\/new$/);
		await expect(facilitator.getByRole('textbox').last()).toHaveValue(
			/^> Second wording\n>\n> — \[.*\]\(http.*#m\d+\)/
		);
	});

	test('a link to a story is shown as its card, to a thing that is not there as nothing', async ({ visit, room }) => {
		const { id } = await room('Cards');
		const page = await visit('member');
		const stories = await (await page.request.get('/api/stories')).json();
		const { id: story, title } = stories.items[0];
		await page.goto(`/rooms/${id}`);
		await say(page, `Like /stories/${story}: [read](/stories/${story}) and [gone](/topics/987654321)`, 'Like');
		await expect(row(page, 'Like').getByRole('link', { name: title })).toHaveAttribute('href', `/stories/${story}`);
		await expect(row(page, 'Like').locator('a.block')).toHaveCount(1);
	});

	test('on a phone a long press opens the menu as a sheet', async ({ visit, room }) => {
		const { id } = await room('Phone');
		const page = await visit('member', { viewport: { width: 320, height: 640 }, hasTouch: true });
		await page.goto(`/rooms/${id}`);
		await say(page, 'Pressed');
		const message = row(page, 'Pressed');
		const at = (await message.boundingBox())!;
		const touch = { pointerType: 'touch', isPrimary: true, bubbles: true, clientX: at.x + 60, clientY: at.y + 20 };
		await message.dispatchEvent('pointerdown', touch);
		await page.waitForTimeout(600);
		await message.dispatchEvent('pointerup', touch);
		const menu = page.getByRole('group', { name: 'Message actions' });
		await expect(menu).toBeVisible();
		const sheet = (await menu.boundingBox())!;
		expect([sheet.x, sheet.width, Math.round(sheet.y + sheet.height)]).toEqual([0, 320, 640]);
		for (const button of await menu.getByRole('button').all()) {
			const size = (await button.boundingBox())!;
			expect(Math.min(size.width, size.height)).toBeGreaterThanOrEqual(24);
		}
		expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
		// What is pinned is under what the room is about: beside its name there is no space.
		await page.keyboard.press('Escape');
		await page.getByRole('button', { name: 'About this room' }).click();
		await page.getByRole('button', { name: 'Pinned messages' }).click();
		await expect(page.getByRole('dialog', { name: 'Pinned messages' })).toBeVisible();
	});
});
