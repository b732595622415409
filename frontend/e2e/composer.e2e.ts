import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { hall } from './hall.ts';
import { box, list } from './room.ts';
import { expect, test } from './world.ts';

const formatting = (page: Page) => page.getByRole('button', { name: 'Formatting' }).last();
const button = (page: Page, name: string) =>
	page.getByRole('toolbar', { name: 'Formatting' }).getByRole('button', { name });

test.describe('writing', () => {
	test('buttons and keys format, and undoing takes it back', async ({ visit, room }) => {
		const { id } = await room('Formats');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		await expect(page.getByRole('toolbar')).toHaveCount(0);
		await formatting(page).click();

		await box(page).fill('important');
		await box(page).press('ControlOrMeta+a');
		await button(page, 'Bold').click();
		await expect(box(page)).toHaveValue('**important**');
		await expect(box(page)).toBeFocused();
		await page.keyboard.press('ControlOrMeta+z');
		await expect(box(page)).toHaveValue('important');
		await page.keyboard.press('ControlOrMeta+a');
		await page.keyboard.press('ControlOrMeta+b');
		await page.keyboard.press('ControlOrMeta+i');
		await expect(box(page)).toHaveValue('**_important_**');

		await page.keyboard.press('End');
		await page.keyboard.press('Shift+Enter');
		await button(page, 'List').click();
		await page.keyboard.type('one');
		await page.keyboard.press('Shift+Enter');
		await page.keyboard.type('two');
		await page.keyboard.press('Shift+Enter');
		await page.keyboard.press('Shift+Enter'); // an empty item ends the list
		await expect(box(page)).toHaveValue('**_important_**\n- one\n- two\n');

		// The preview is the message as it will be.
		await button(page, 'Preview').click();
		const preview = page.getByRole('region', { name: 'Preview' });
		await expect(preview.locator('strong em')).toHaveText('important');
		await expect(preview.getByRole('listitem')).toHaveText(['one', 'two']);
		await expect(box(page)).toBeHidden();
		await button(page, 'Preview').click();
		await expect(box(page)).toBeVisible();
		await box(page).press('Enter');
		await expect(list(page).locator('strong em')).toHaveText('important');
		await expect(list(page).getByRole('listitem')).toHaveText(['one', 'two']);

		// It stays open next time, and is one stop of the Tab key.
		await page.reload();
		await expect(button(page, 'Bold')).toBeVisible();
		await button(page, 'Bold').focus();
		await page.keyboard.press('ArrowRight');
		await expect(button(page, 'Italic')).toBeFocused();
		await page.keyboard.press('End');
		await expect(button(page, 'Preview')).toBeFocused();
		await page.keyboard.press('Tab');
		await expect(page.getByRole('button', { name: 'Attach files' })).toBeFocused();
		await page.keyboard.press('Tab');
		await expect(box(page)).toBeFocused();
	});

	test('an address pasted over words is a link', async ({ visit, room }) => {
		const { id } = await room('Links');
		const page = await visit('member', { permissions: ['clipboard-read', 'clipboard-write'] });
		await page.goto(`/rooms/${id}`);
		await box(page).fill('our page');
		await page.evaluate(() => navigator.clipboard.writeText('https://council.example/page'));
		await box(page).press('ControlOrMeta+a');
		await box(page).press('ControlOrMeta+v');
		await expect(box(page)).toHaveValue('[our page](https://council.example/page)');
		await box(page).press('Enter');
		await expect(list(page).getByRole('link', { name: 'our page' })).toHaveAttribute(
			'href',
			'https://council.example/page'
		);
	});

	test('Enter sends or begins a line, as one likes', async ({ visit }, { retry }) => {
		const { id, reader: page } = await hall(visit, 140 + 2 * retry); // whose choice disturbs nobody
		await page.setViewportSize({ width: 1440, height: 900 });
		await page.goto(`/rooms/${id}`);
		await page.getByRole('checkbox', { name: 'Enter sends a message' }).uncheck();
		await expect(box(page)).toHaveAccessibleDescription(/Ctrl and Enter sends\./);
		await box(page).fill('one');
		await box(page).press('Enter');
		await page.keyboard.type('two');
		await expect(box(page)).toHaveValue('one\ntwo');
		await box(page).press('ControlOrMeta+Enter');
		await expect(list(page).locator('.prose')).toHaveText('one\ntwo', { useInnerText: true });
		await page.reload();
		await expect(page.getByRole('checkbox', { name: 'Enter sends a message' })).not.toBeChecked();
	});

	test('on a phone Enter begins a line and the button sends', async ({ visit, room }) => {
		const { id } = await room('Phone');
		const page = await visit('member', { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
		await page.goto(`/rooms/${id}`);
		await box(page).tap();
		await page.keyboard.type('one');
		await page.keyboard.press('Enter');
		await page.keyboard.type('two');
		await expect(box(page)).toHaveValue('one\ntwo');
		await expect(box(page)).toHaveAttribute('enterkeyhint', 'enter');
		await formatting(page).tap();
		await expect(button(page, 'Preview')).toBeInViewport();
		expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
		await page.getByRole('button', { name: 'Send', exact: true }).tap();
		await expect(list(page).locator('.prose')).toHaveText('one\ntwo', { useInnerText: true });
	});

	test('Up in an empty box edits my last message', async ({ visit, room }) => {
		const { id } = await room('Up');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		await box(page).fill('Frist');
		await box(page).press('Enter');
		await expect(list(page).locator('.prose')).toHaveText('Frist');
		await box(page).press('ArrowUp');
		const edit = page.getByRole('textbox', { name: 'Edit your message' });
		await expect(edit).toBeFocused();
		await edit.fill('First');
		await edit.press('Enter');
		await expect(list(page).locator('.prose')).toHaveText('First');
		// With words in the box the key moves the caret, as ever.
		await box(page).fill('x');
		await box(page).press('ArrowUp');
		await expect(edit).toHaveCount(0);
	});

	test('what is left is counted near the end, and too much is not sent', async ({ visit, room }) => {
		const { id } = await room('Long');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		await box(page).fill('x'.repeat(7499));
		await expect(page.getByText('characters left')).toHaveCount(0);
		await box(page).fill('é'.repeat(7600));
		await expect(page.getByText('400 characters left')).toBeVisible();
		await box(page).fill('👍'.repeat(8001));
		await expect(page.getByText('1 character too many')).toBeVisible();
		await box(page).press('Enter');
		await expect(box(page)).toHaveValue('👍'.repeat(8001));
		expect(
			await new AxeBuilder({ page })
				.include('form')
				.analyze()
				.then((r) => r.violations)
		).toEqual([]);
	});

	test('axe finds nothing in the box with everything open', async ({ visit, room }) => {
		const { id } = await room('Axe');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		await formatting(page).click();
		await box(page).fill('**bold** words');
		for (const colorScheme of ['light', 'dark'] as const) {
			await page.emulateMedia({ colorScheme });
			const { violations } = await new AxeBuilder({ page }).include('form').analyze();
			expect(violations).toEqual([]);
		}
		await button(page, 'Preview').click();
		await expect(page.getByRole('region', { name: 'Preview' }).locator('strong')).toBeVisible();
		expect((await new AxeBuilder({ page }).include('form').analyze()).violations).toEqual([]);
	});
});

test.describe('what is not sent yet', () => {
	const said = (page: Page) => list(page).locator('article .prose').allInnerTexts();
	const tray = (page: Page) => page.getByRole('dialog', { name: 'Not sent yet' });
	const inTray = (page: Page, text: string) => tray(page).getByRole('listitem').filter({ hasText: text });
	const show = (page: Page) => page.getByRole('status').getByRole('button', { name: 'Show' });

	async function say(page: Page, text: string) {
		await box(page).fill(text);
		await box(page).press('Enter');
	}

	test('waits in a tray on every page, to be changed, thrown away or tried again', async ({ visit, room }) => {
		const { id } = await room('Tray');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		// Only what is sent is lost on the way: the line itself seems well.
		const posts = /\/api\/rooms\/\d+\/messages$/;
		await page.route(posts, (route) =>
			route.request().method() === 'POST' ? route.abort('internetdisconnected') : route.continue()
		);
		for (const text of ['One', 'Two', 'Three']) await say(page, text);
		await expect(list(page).getByText('Waiting to be sent')).toHaveCount(3);

		await page.getByRole('link', { name: 'Home' }).first().click();
		await expect(page.getByText('3 messages are not sent yet.')).toBeVisible();
		await page.reload(); // it is kept
		await expect(page.getByText('3 messages are not sent yet.')).toBeVisible();
		await show(page).click();
		await expect(tray(page).getByRole('listitem')).toHaveCount(3);
		await expect(inTray(page, 'One')).toContainText('Tray');
		expect((await new AxeBuilder({ page }).include('dialog').analyze()).violations).toEqual([]);

		await inTray(page, 'Two').getByRole('button', { name: 'Discard' }).click();
		await expect(tray(page).getByRole('listitem')).toHaveCount(2);
		await inTray(page, 'One').getByRole('button', { name: 'Edit' }).click();
		await expect(page).toHaveURL(`/rooms/${id}`);
		await expect(box(page)).toHaveValue('One');
		await expect(list(page).getByText('Waiting to be sent')).toHaveCount(1);

		await page.unroute(posts);
		await box(page).fill('One, better');
		await box(page).press('Enter');
		await expect.poll(() => said(page), { timeout: 40_000 }).toEqual(['Three', 'One, better']);
		await expect(page.getByText('not sent yet')).toHaveCount(0);
	});

	test('an edit of what waits goes before what is being written', async ({ visit, room }) => {
		const { id } = await room('Taken back');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		await expect(box(page)).toBeVisible();
		await page.context().setOffline(true);
		await say(page, 'In the tunnel');
		await box(page).fill('The next thing');
		await list(page).getByRole('button', { name: 'Edit' }).click();
		await expect(box(page)).toHaveValue('In the tunnel\n\nThe next thing');
		await expect(box(page)).toBeFocused();
		await expect(list(page).getByText('Waiting to be sent')).toHaveCount(0);
	});

	test('survives a reload that fails for want of a network, and comes once', async ({ visit, room }) => {
		const { id } = await room('Reload');
		const [page, ben] = [await visit('member'), await visit('facilitator')];
		for (const p of [page, ben]) await p.goto(`/rooms/${id}`);
		await expect(box(page)).toBeVisible();
		await page.context().setOffline(true);
		await say(page, 'Written offline');
		await say(page, 'And another');
		await expect(list(page).getByText('Waiting to be sent')).toHaveCount(2);
		await page.reload().catch(() => {}); // there is nothing to load it from
		await page.context().setOffline(false);
		await page.goto(`/rooms/${id}`);
		for (const p of [page, ben]) await expect.poll(() => said(p)).toEqual(['Written offline', 'And another']);
		await page.reload();
		await expect.poll(() => said(page)).toEqual(['Written offline', 'And another']);
	});

	test('is not sent by itself a day later', async ({ visit, room }) => {
		const { id } = await room('Yesterday');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		await expect(box(page)).toBeVisible();
		const { person } = await (await page.request.get('/api/me')).json();
		await page.context().setOffline(true);
		await say(page, 'From yesterday');
		await expect(list(page).getByText('Waiting to be sent')).toBeVisible();
		await page.evaluate(
			(name) =>
				new Promise<void>((done, failed) => {
					const opening = indexedDB.open(name);
					opening.onerror = failed;
					opening.onsuccess = () => {
						const store = opening.result.transaction('outbox', 'readwrite').objectStore('outbox');
						store.openCursor().onsuccess = (e) => {
							const cursor = (e.target as IDBRequest<IDBCursorWithValue | null>).result;
							if (!cursor) return;
							cursor.update({ ...cursor.value, at: cursor.value.at - 25 * 3600_000 });
							cursor.continue();
						};
						store.transaction.oncomplete = () => (opening.result.close(), done());
					};
				}),
			`guildhall-${person.id}`
		);
		await page.context().setOffline(false);
		await page.goto('/');
		await expect(page.getByText('1 message is not sent yet.')).toBeVisible();
		await page.waitForTimeout(2000);
		const stored = await (await page.request.get(`/api/rooms/${id}/messages`)).json();
		expect(stored.items).toEqual([]);

		await show(page).click();
		await expect(inTray(page, 'From yesterday')).toContainText('Do you still want to send it?');
		await inTray(page, 'From yesterday').getByRole('button', { name: 'Send again' }).click();
		await expect(tray(page)).toBeHidden();
		await page.goto(`/rooms/${id}`);
		await expect.poll(() => said(page)).toEqual(['From yesterday']);
	});
});

test.describe('mentions', () => {
	const person = async (page: Page) => (await (await page.request.get('/api/me')).json()).person;
	const people = (page: Page) => page.getByRole('listbox', { name: 'People in this room' });

	test('somebody is found by a few letters, called, and sees it', async ({ visit, room }) => {
		const { id } = await room('Called');
		const [page, ben] = [await visit('member'), await visit('facilitator')];
		const devan = await person(ben);
		await ben.goto('/');
		await expect(ben.getByRole('heading', { level: 1 })).toBeVisible();
		await page.goto(`/rooms/${id}`);

		await box(page).pressSequentially('Thanks @');
		await expect(people(page).getByRole('option').first()).toHaveAttribute('aria-selected', 'true');
		await page.keyboard.press('ArrowDown');
		const second = people(page).getByRole('option').nth(1);
		await expect(second).toHaveAttribute('aria-selected', 'true');
		await expect(box(page)).toHaveAttribute('aria-activedescendant', (await second.getAttribute('id'))!);
		await expect(box(page)).toBeFocused();
		for (const colorScheme of ['light', 'dark'] as const) {
			await page.emulateMedia({ colorScheme });
			expect((await new AxeBuilder({ page }).include('form').analyze()).violations).toEqual([]);
		}

		await page.keyboard.type(devan.name.split(' ')[0].toLowerCase());
		await expect(people(page).getByRole('option', { name: devan.name })).toHaveAttribute('aria-selected', 'true');
		await page.keyboard.press('Enter'); // takes the person, and does not send
		await expect(box(page)).toHaveValue(`Thanks @${devan.name} `);
		await expect(people(page)).toBeHidden();
		await page.keyboard.type('for the clause');

		// The draft keeps whom the name means.
		await page.waitForTimeout(600);
		await page.reload();
		await expect(box(page)).toHaveValue(`Thanks @${devan.name} for the clause`);
		await box(page).press('Enter');
		const link = (p: Page) => list(p).getByRole('link', { name: `@${devan.name}` });
		await expect(link(page)).toHaveAttribute('href', `/people/${devan.id}`);
		await expect(link(page)).not.toHaveClass(/mention-me/);

		const row = ben.getByRole('main').getByRole('listitem').filter({ hasText: 'Called' });
		await expect(row).toContainText('1 new message');
		await expect(row).toContainText('1 calls you');
		await row.getByRole('link').click();
		await expect(link(ben)).toHaveClass(/mention-me/);

		// Editing shows the name and keeps the person.
		await box(page).press('ArrowUp');
		const edit = page.getByRole('textbox', { name: 'Edit your message' });
		await expect(edit).toHaveValue(`Thanks @${devan.name} for the clause`);
		await edit.press('End');
		await edit.pressSequentially('s');
		await edit.press('Enter');
		await expect(list(page).locator('.prose')).toHaveText(`Thanks @${devan.name} for the clauses`);
		await expect(link(page)).toHaveAttribute('href', `/people/${devan.id}`);
	});

	test('Escape leaves the sign as a sign, and Tab takes somebody', async ({ visit, room }) => {
		const { id } = await room('Sign');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		await box(page).pressSequentially('At @');
		await expect(people(page)).toBeVisible();
		await page.keyboard.press('Escape');
		await expect(people(page)).toBeHidden();
		await page.keyboard.type('ho');
		await expect(people(page)).toBeHidden();
		await page.keyboard.type('me and @');
		const first = people(page).getByRole('option').first();
		await expect(first).toBeVisible();
		const name = await first.locator('.font-semibold').innerText();
		await page.keyboard.press('Tab');
		await expect(box(page)).toHaveValue(`At @home and @${name} `);
		await expect(box(page)).toBeFocused();
	});

	test('on a phone a tap takes somebody and the keyboard stays', async ({ visit, room }) => {
		const { id } = await room('Tap');
		const page = await visit('member', { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
		await page.goto(`/rooms/${id}`);
		await box(page).tap();
		await page.keyboard.type('@');
		const first = people(page).getByRole('option').first();
		await expect(first).toBeInViewport();
		const name = await first.locator('.font-semibold').innerText();
		await first.tap();
		await expect(box(page)).toHaveValue(`@${name} `);
		await expect(box(page)).toBeFocused();
		expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
	});

	test('@room is asked about first', async ({ visit, room }) => {
		const { id } = await room('Everybody');
		const page = await visit('member');
		await page.goto(`/rooms/${id}`);
		await box(page).fill('Tea is ready, @room');
		await page.keyboard.press('Escape');
		await box(page).press('Enter');
		const dialog = page.getByRole('dialog', { name: 'Call everybody in this room?' });
		await expect(dialog).toContainText(/calls everybody here: \d+ people/);
		expect((await new AxeBuilder({ page }).include('dialog').analyze()).violations).toEqual([]);
		await dialog.getByRole('button', { name: 'Cancel' }).click();
		await expect(box(page)).toHaveValue('Tea is ready, @room');
		await box(page).press('Enter');
		await dialog.getByRole('button', { name: 'Send to all' }).click();
		await expect(list(page).locator('strong.mention-me')).toHaveText('@room');
		await expect(box(page)).toHaveValue('');
	});
});
