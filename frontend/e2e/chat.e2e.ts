import type { Page } from '@playwright/test';
import { hall } from './hall.ts';
import { box, headers, list, said, say } from './room.ts';
import { expect, press, test } from './world.ts';

test('two leaders talk; one loses the network; nothing is lost and nothing comes twice', async ({ visit, room }) => {
	const { id } = await room('Two leaders');
	const [anna, ben] = [await visit('member'), await visit('facilitator')];
	for (const page of [anna, ben]) {
		await page.goto(`/rooms/${id}`);
		await expect(box(page)).toBeVisible();
	}

	await box(anna).pressSequentially('Good');
	const { person } = await (await anna.request.get('/api/me')).json();
	await expect(ben.getByText(`${person.name} is writing`)).toBeVisible();
	await say(anna, 'Good morning');
	await expect(ben.getByText(`${person.name} is writing`)).toHaveCount(0);
	await expect(list(ben).getByText('Good morning')).toBeVisible();
	await say(ben, 'Good morning to you');
	await expect(list(anna).getByText('Good morning to you')).toBeVisible();

	await anna.context().setOffline(true);
	await say(anna, 'Written in a tunnel');
	await say(anna, 'And a second one');
	await expect(anna.getByText('You are offline: 2 messages wait here.')).toBeVisible();
	await expect(list(anna).getByText('Waiting to be sent').first()).toBeVisible();
	await say(ben, 'Are you there?');
	await say(ben, 'Never mind');
	await expect(list(ben).getByText('Never mind')).toBeVisible();
	expect(await said(ben)).not.toContain('Written in a tunnel');

	await anna.context().setOffline(false);
	const all = [
		'Good morning',
		'Good morning to you',
		'Are you there?',
		'Never mind',
		'Written in a tunnel',
		'And a second one'
	];
	for (const page of [anna, ben]) await expect.poll(() => said(page), { timeout: 30_000 }).toEqual(all);
	await expect(anna.getByText('wait here')).toHaveCount(0);

	// And so it stands for whoever comes in anew.
	await anna.reload();
	await expect.poll(() => said(anna)).toEqual(all);
});

test('what waits survives closing the page', async ({ visit, room }) => {
	const { id } = await room('Closed too early');
	const page = await visit('member');
	await page.goto(`/rooms/${id}`);
	await expect(box(page)).toBeVisible();
	await page.context().setOffline(true);
	await say(page, 'Still here after the restart');
	await expect(list(page).getByText('Waiting to be sent')).toBeVisible();
	await page.close();

	await page.context().setOffline(false);
	const again = await page.context().newPage();
	await again.goto('/'); // not even the same page
	await again.waitForTimeout(500);
	await again.goto(`/rooms/${id}`);
	await expect.poll(() => said(again)).toEqual(['Still here after the restart']);
});

test('edit, delete, and a link to one message', async ({ visit, room }) => {
	const { id } = await room('Changed words');
	const [anna, ben] = [
		await visit('member', { permissions: ['clipboard-read', 'clipboard-write'] }),
		await visit('facilitator')
	];
	for (const page of [anna, ben]) await page.goto(`/rooms/${id}`);
	await say(anna, 'Frist');
	await say(anna, 'Second');
	await expect(list(ben).getByText('Second')).toBeVisible();

	const first = list(anna).getByRole('article').filter({ hasText: 'Frist' });
	await press(first, 'Edit');
	await anna.getByRole('textbox', { name: 'Edit your message' }).fill('First');
	await anna.keyboard.press('Enter');
	await expect(list(ben).getByText('First', { exact: true })).toBeVisible();
	await expect(list(ben).getByText('edited')).toBeVisible();

	const second = list(anna).getByRole('article').filter({ hasText: 'Second' });
	await press(second, 'Copy link');
	const link = await anna.evaluate(() => navigator.clipboard.readText());
	await second.getByRole('button', { name: 'Delete' }).click();
	await anna.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await expect(list(ben).getByText('This message was deleted.')).toBeVisible();

	await ben.goto(link.replace(/at=\d+/, 'at=1'));
	await expect(list(ben).getByRole('article').filter({ hasText: 'First' })).toBeFocused();
});

test('what is new is counted, marked, and read on every device', async ({ visit, room }) => {
	const { id } = await room('Unread');
	const [ben, anna, phone] = [await visit('facilitator'), await visit('member'), await visit('member')];
	await ben.goto(`/rooms/${id}`);
	await anna.goto('/');
	await phone.goto('/');
	await expect(anna.getByRole('heading', { level: 1 })).toBeVisible();
	await say(ben, 'One');
	await say(ben, 'Two');
	const row = (page: Page) => page.getByRole('main').getByRole('listitem').filter({ hasText: 'Unread' });
	for (const page of [anna, phone]) await expect(row(page)).toContainText('2 new messages');

	await row(anna).getByRole('link').click();
	await expect(list(anna).getByText('New since you were last here')).toBeVisible();
	await expect(row(phone)).toHaveCount(0);
});

test('a long history is paged in above without moving the reader', async ({ visit }) => {
	const { id, reader: page, writer: ben } = await hall(visit, 100);
	for (let i = 1; i <= 110; i++) {
		const answer = await ben.request.post(`/api/rooms/${id}/messages`, {
			data: { clientId: crypto.randomUUID(), body: `Message number ${i}` },
			headers: headers()
		});
		expect(answer.status()).toBe(201);
	}
	await page.goto(`/rooms/${id}?at=105`);
	await expect(list(page).getByText('Message number 105', { exact: true })).toBeInViewport();

	await list(page).hover();
	for (let i = 0; i < 60 && !(await list(page).getByText('This is the beginning of').isVisible()); i++) {
		await page.mouse.wheel(0, -700);
		await page.waitForTimeout(60);
	}
	await expect(list(page).getByText('Message number 1', { exact: true })).toBeInViewport();
	await page.getByRole('button', { name: /Go to the newest|new messages? below/ }).click();
	await expect(list(page).getByText('Message number 110', { exact: true })).toBeInViewport();

	// Somebody who reads further up stays where they are.
	await page.mouse.wheel(0, -1500);
	await page.waitForTimeout(300);
	const top = () =>
		list(page).evaluate(
			(el) =>
				[...el.querySelectorAll('article')].find((a) => a.getBoundingClientRect().top > el.getBoundingClientRect().top)!
					.id
		);
	const before = await top();
	await ben.goto(`/rooms/${id}`);
	await say(ben, 'A new one');
	await expect(page.getByRole('button', { name: '1 new message below' })).toBeVisible();
	expect(await top()).toBe(before);
});

test('one sees who is there', async ({ visit, room }) => {
	const { id } = await room('Who is there');
	const anna = await visit('member', { viewport: { width: 1440, height: 900 } });
	await anna.goto(`/rooms/${id}`);
	const ben = await visit('facilitator');
	const { person } = await (await ben.request.get('/api/me')).json();
	await ben.goto('/people');
	const there = anna.locator('section', { has: anna.getByRole('heading', { name: 'Here now' }) });
	await expect(there.getByRole('link', { name: person.name })).toBeVisible();
	await anna.context().setOffline(true);
	await expect(there.getByText('Not known while you are offline.')).toBeVisible();
	await expect(there.getByRole('link', { name: person.name })).toHaveCount(0);
});
