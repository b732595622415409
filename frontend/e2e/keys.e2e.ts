import { AxeBuilder } from '@axe-core/playwright';
import { hall } from './hall.ts';
import { list } from './room.ts';
import { expect, test } from './world.ts';

const box = /^Message /;

test('the list is walked message by message; single keys mean something only there', async ({ visit, room }) => {
	const { id } = await room('Walked');
	const page = await visit('member', { permissions: ['clipboard-read', 'clipboard-write'] });
	await page.goto(`/rooms/${id}`);
	const write = page.getByRole('textbox', { name: box });
	for (const text of ['First', 'Second', '**Third** one']) {
		await write.fill(text);
		await write.press('Enter');
		await expect(list(page).getByText(text.replaceAll('*', ''))).toBeVisible();
	}
	const rows = list(page).getByRole('article');
	await expect(rows).toHaveCount(3);

	// Each says who, when and what, also where the eye sees only what.
	const { person } = await (await page.request.get('/api/me')).json();
	const name = person.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
	await expect(rows.nth(2)).toHaveAccessibleName(new RegExp(`^${name}, Today at \\d\\d:\\d\\d Third one$`));

	// In the box they are letters.
	await write.pressSequentially('e?ucr');
	await expect(write).toHaveValue('e?ucr');
	await expect(page.getByRole('dialog')).toBeHidden();
	await write.fill('');

	await rows.last().focus();
	await page.keyboard.press('Home');
	await expect(rows.first()).toBeFocused();
	await page.keyboard.press('ArrowUp');
	await expect(rows.first()).toBeFocused();
	await page.keyboard.press('ArrowDown');
	await expect(rows.nth(1)).toBeFocused();
	await page.keyboard.press('End');
	await expect(rows.last()).toBeFocused();

	await page.keyboard.press('Enter');
	const tools = rows.last().getByRole('toolbar').getByRole('button');
	await expect(tools.first()).toBeFocused();
	await page.keyboard.press('ArrowRight');
	await expect(tools.nth(1)).toBeFocused();
	await page.keyboard.press('Escape');
	await expect(rows.last()).toBeFocused();

	await page.keyboard.press('c');
	expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`/rooms/${id}?at=3`);
	await page.keyboard.press('e');
	await expect(page.getByRole('textbox', { name: 'Edit your message' })).toBeFocused();
	await page.keyboard.press('Escape');
	await expect(rows.last()).toBeFocused();
	await page.keyboard.press('Delete');
	await expect(page.getByRole('dialog', { name: 'Delete this message?' })).toBeVisible();
	await page.keyboard.press('Escape');
	await page.keyboard.press('u');
	await expect(page.getByText('Marked as unread from here.')).toBeVisible();
	await page.keyboard.press('?');
	await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(rows.last()).toBeFocused();
	await page.keyboard.press('Escape');
	await expect(write).toBeFocused();
});

test('the focus stays with a message that is scrolled away', async ({ visit }) => {
	const { id, reader, fill } = await hall(visit, 80);
	await fill(150);
	await reader.goto(`/rooms/${id}?at=75`);
	const focused = list(reader).locator('article:focus');
	await expect(focused).toBeInViewport();
	const was = await focused.getAttribute('id');
	await list(reader).hover();
	await reader.mouse.wheel(0, 1500);
	await reader.waitForTimeout(300);
	await expect(focused).not.toBeInViewport();
	await expect(focused).toHaveAttribute('id', was!);
	await reader.keyboard.press('ArrowDown');
	await expect(focused).toBeInViewport();
});

test('anywhere by a few letters: what is new first, rooms, spaces and people', async ({ visit, room }) => {
	const made = await room('Xylophone practice');
	const [page, ben] = [await visit('member'), await visit('facilitator')];
	await page.goto('/stories');
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	await ben.goto(`/rooms/${made.id}`);
	await ben.getByRole('textbox', { name: box }).fill('Something new');
	await ben.keyboard.press('Enter');
	await expect(list(ben).getByText('Something new')).toBeVisible();

	const letters = page.getByRole('combobox', { name: /^A few letters/ });
	const options = page.getByRole('listbox', { name: 'Go to' }).getByRole('option');
	await page.keyboard.press('Control+k');
	await expect(letters).toBeFocused();
	await expect(options.filter({ hasText: 'Xylophone' })).toContainText('1 new message');
	await letters.pressSequentially('xyl pra');
	await expect(options).toHaveCount(1);
	await expect(options.first()).toHaveAttribute('aria-selected', 'true');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { level: 1, name: /^Xylophone practice/ })).toBeFocused();

	// People come from the server; where one was last comes first.
	const { items } = await (await page.request.get('/api/people')).json();
	await page.keyboard.press('Control+k');
	await letters.fill(items[0].name);
	await expect(options.filter({ hasText: items[0].name }).first()).toBeVisible();
	await letters.fill('zzzzzz');
	await expect(page.getByText('Nothing of that name.')).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('dialog')).toBeHidden();

	// The room before and after, and those with something new.
	await page.keyboard.press('Alt+ArrowDown');
	await expect(page).not.toHaveURL(new RegExp(`/rooms/${made.id}$`));
	await page.keyboard.press('Alt+ArrowUp');
	await expect(page).toHaveURL(new RegExp(`/rooms/${made.id}$`));
	await page.goto('/stories');
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	await page.keyboard.press('Control+/');
	await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
});

test('on a phone the same opens by a button; axe finds nothing in either sheet', async ({ visit, room }) => {
	const { id } = await room('On a phone');
	const found: string[] = [];
	for (const colorScheme of ['light', 'dark'] as const) {
		const page = await visit('member', { viewport: { width: 320, height: 640 }, colorScheme });
		await page.goto(`/rooms/${id}`);
		await page.getByRole('button', { name: 'Go to', exact: true }).click();
		await page.getByRole('combobox').fill('on');
		await expect(page.getByRole('option').first()).toBeVisible();
		const look = async (what: string) => {
			const { violations } = await new AxeBuilder({ page }).include('dialog[open]').analyze();
			found.push(...violations.map((v) => `${what}, ${colorScheme}: ${v.id}: ${v.nodes[0]?.html}`));
			const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
			if (wide > 0) found.push(`${what}: ${wide} px too wide`);
		};
		await look('switcher');
		await page.getByRole('option').first().click();
		await expect(page.getByRole('dialog')).toBeHidden();
		await page.keyboard.press('Control+/');
		await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
		await look('shortcuts');
	}
	expect(found).toEqual([]);
});

test('what comes is read out together, politely, and not at all for who does not want it', async ({ visit }) => {
	const { id, reader, writer, fill } = await hall(visit, 90);
	await reader.setViewportSize({ width: 1000, height: 700 });
	await reader.goto(`/rooms/${id}`);
	const log = reader.getByRole('log');
	await expect(reader.getByRole('textbox', { name: box })).toBeVisible();
	await reader.getByRole('textbox', { name: box }).focus();
	await fill(6);
	const { person } = await (await writer.request.get('/api/me')).json();
	await expect(log.first()).toContainText(`new messages from ${person.name}`);
	await expect(log.first()).toHaveAttribute('aria-live', 'polite');
	await expect(reader.getByRole('textbox', { name: box })).toBeFocused();

	await reader.getByRole('button', { name: /^About this/ }).click();
	await reader.getByRole('checkbox', { name: 'Read new messages out' }).uncheck();
	await reader.keyboard.press('Escape');
	const before = await log.first().innerText();
	await fill(2);
	await expect(list(reader).getByRole('article')).toHaveCount(8);
	await reader.waitForTimeout(1500);
	expect(await log.first().innerText()).toBe(before);
});
