// What is not said yet: drafts on two devices of one person, messages for later, and when somebody is left in peace.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { box, list, me } from './room.ts';
import { expect, test } from './world.ts';

const draftOf = async (page: Page, room: string) =>
	(await (await page.request.get('/api/drafts')).json()).items.find((d: { roomId: string }) => d.roomId === room)?.body;

async function clean(page: Page) {
	// Tall, so that nothing lies half behind the phone's tab bar, which axe would take for a target that is too small.
	const usual = page.viewportSize()!;
	await page.setViewportSize({ ...usual, height: 3000 });
	const { violations } = await new AxeBuilder({ page })
		.withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
		.analyze();
	expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join()}`)).toEqual([]);
	expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
	await page.setViewportSize(usual);
}

test('a draft is the same on two devices, marked in the list, and gone once it is sent', async ({ visit, room }) => {
	const { id } = await room('Drafts');
	const [desk, phone] = [await visit('member'), await visit('member', { viewport: { width: 390, height: 844 } })];
	await desk.goto(`/rooms/${id}`);
	await phone.goto(`/rooms/${id}`);
	await box(desk).fill('Dear all, the budget');
	await expect(box(phone)).toHaveValue('Dear all, the budget');
	await box(phone).fill('Dear all, the budget is late');
	await expect(box(desk)).toHaveValue('Dear all, the budget is late');

	await desk.getByRole('complementary').getByRole('link', { name: 'Overview' }).click();
	const link = desk.getByRole('complementary').getByRole('link', { name: /Drafts \d+.*Draft/ });
	await expect(link).toBeVisible();
	await box(phone).press('Enter');
	await expect(list(phone).getByText('Dear all, the budget is late')).toBeVisible();
	await expect(link).toHaveCount(0);
	await desk.goto(`/rooms/${id}`);
	await expect(list(desk).getByText('Dear all, the budget is late')).toBeVisible();
	await expect(box(desk)).toHaveValue('');
});

test('words written without a network are kept; what another device wrote meanwhile is offered', async ({
	visit,
	room
}) => {
	const { id } = await room('Two drafts');
	const [desk, phone] = [await visit('member'), await visit('member')];
	await desk.goto(`/rooms/${id}`);
	await phone.goto(`/rooms/${id}`);
	await expect(box(phone)).toBeVisible();
	await expect(box(desk)).toBeVisible();
	await phone.context().setOffline(true);
	await box(phone).fill('Written in the tunnel');
	await box(desk).fill('Written at the desk');
	await expect.poll(() => draftOf(desk, id)).toBe('Written at the desk');
	await phone.context().setOffline(false);
	await expect(phone.getByText('Changed on another device')).toBeVisible();
	await expect(box(phone)).toHaveValue('Written in the tunnel');
	await expect(box(desk)).toHaveValue('Written at the desk');
	await clean(phone);
	await phone.getByRole('button', { name: 'Keep mine' }).click();
	await expect(phone.getByText('Changed on another device')).toHaveCount(0);
	await expect(box(desk)).toHaveValue('Written in the tunnel');
});

test('a draft outlives the tab', async ({ visit, room }) => {
	const { id } = await room('Closed tab');
	const desk = await visit('member');
	await desk.goto(`/rooms/${id}`);
	await box(desk).fill('Half a thought');
	await desk.reload();
	await expect(box(desk)).toHaveValue('Half a thought');
});

test('a message is kept for later, changed, sent now; another taken back into its box', async ({ visit, room }) => {
	const { id } = await room('Later');
	const desk = await visit('member', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' });
	await desk.goto(`/rooms/${id}`);
	const later = desk.getByRole('button', { name: 'Send later' }).first();
	await later.click();
	await expect(desk.getByText('Write something first.')).toBeVisible();
	await desk.keyboard.press('Escape');
	await box(desk).fill('At a better time');
	await later.click();
	await clean(desk);
	await desk.getByRole('button', { name: /^In an hour, at \d\d:\d\d$/ }).click();
	await expect(desk.getByText('1 message waits to be sent.')).toBeVisible();
	await expect(box(desk)).toHaveValue('');
	await expect(list(desk).getByText('At a better time')).toHaveCount(0);

	await box(desk).fill('On a day of my own');
	await later.click();
	await desk.getByRole('button', { name: 'Choose a day and time' }).click();
	const dialog = desk.getByRole('dialog');
	await clean(desk);
	await dialog.getByLabel('Day').fill('2020-01-01');
	await dialog.getByRole('button', { name: 'Send later' }).click();
	await expect(dialog.getByText('Choose a time that is still to come')).toBeVisible();
	await dialog.getByLabel('Day').fill(new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10));
	await dialog.getByRole('button', { name: 'Send later' }).click();
	await expect(desk.getByText('2 messages wait to be sent.')).toBeVisible();

	await desk.getByRole('link', { name: 'Show', exact: true }).click();
	await expect(desk.getByRole('heading', { level: 1, name: 'To be sent later' })).toBeVisible();
	const row = (text: string) => desk.getByRole('listitem').filter({ hasText: text });
	await row('At a better time').getByRole('button', { name: 'Edit' }).click();
	await desk.getByRole('textbox', { name: 'Edit your message' }).fill('At a good time');
	await clean(desk);
	await desk.getByRole('main').getByRole('button', { name: 'Save' }).click();
	await row('At a good time').getByRole('button', { name: 'Send now' }).click();
	await expect(row('At a good time')).toHaveCount(0);
	await row('On a day of my own').getByRole('button', { name: 'Take back' }).click();
	await expect(row('On a day of my own')).toHaveCount(0);
	await desk.goto(`/rooms/${id}`);
	await expect(list(desk).getByText('At a good time')).toBeVisible();
	await expect(box(desk)).toHaveValue('On a day of my own');
});

test('what could not be sent says why', async ({ visit, room }) => {
	test.setTimeout(120_000);
	const { id } = await room('Closes');
	const desk = await visit('member');
	const host = await visit('facilitator');
	await host.goto(`/rooms/${id}`);
	await desk.goto(`/rooms/${id}`);
	const sendAt = new Date(Date.now() + 15_000).toISOString();
	const kept = await desk.request.post(`/api/rooms/${id}/scheduled`, {
		data: { clientId: crypto.randomUUID(), body: 'Too late', sendAt },
		headers: { Origin: new URL(desk.url()).origin }
	});
	expect(kept.status()).toBe(201);
	await host.getByRole('button', { name: 'Close the room' }).click();
	await host.getByRole('dialog').getByRole('button', { name: 'Close the room' }).click();
	await desk.goto('/scheduled');
	const row = desk.getByRole('listitem').filter({ hasText: 'Too late' });
	await expect(row.getByText('This room is closed.')).toBeVisible({ timeout: 30_000 });
	await expect(row.getByRole('button', { name: 'Try again now' })).toBeVisible();
	await clean(desk);
	await row.getByRole('button', { name: 'Take back' }).click();
	await expect(row).toHaveCount(0);
});

test('how one likes chat holds on all devices, and who writes sees when one is left in peace', async ({ visit }) => {
	const [desk, phone, other] = [await visit('load-46'), await visit('load-46'), await visit('load-47')];
	const [a, b] = [await me(desk), await me(other)];
	await desk.goto('/profile/chat');
	await phone.goto('/profile/chat');
	await desk.getByRole('checkbox', { name: 'Enter sends a message' }).uncheck();
	await expect(phone.getByRole('checkbox', { name: 'Enter sends a message' })).not.toBeChecked();
	await desk.getByRole('checkbox', { name: 'Keep quiet hours' }).check();
	await clean(desk);
	await desk.getByLabel('To', { exact: true }).fill('18:30');
	await desk.getByRole('button', { name: 'Save' }).click();
	await expect(desk.getByText('Quiet hours end at another time than they begin')).toBeVisible();
	await desk.getByLabel('To', { exact: true }).fill('18:31');
	await desk.getByRole('checkbox', { name: 'Friday' }).uncheck();
	await desk.getByRole('button', { name: 'Save' }).click();
	await expect(desk.getByText('Saved')).toBeVisible();
	await expect(phone.getByRole('checkbox', { name: 'Friday' })).not.toBeChecked();
	await desk.getByRole('checkbox', { name: 'Keep quiet hours' }).uncheck();
	await desk.getByRole('button', { name: 'Save' }).click();

	await desk.getByRole('button', { name: 'Your account' }).click();
	await desk.getByRole('button', { name: 'For an hour' }).click();
	await expect(phone.getByRole('button', { name: 'Your account, Do not disturb' })).toBeVisible();
	await other.goto(`/people/${a.id}`);
	await other.getByRole('button', { name: `Write to ${a.name}` }).click();
	await expect(other.getByText(`${a.name} does not want to be disturbed now.`)).toBeVisible();
	await clean(other);
	await phone.getByRole('button', { name: 'Your account, Do not disturb' }).click();
	await clean(phone);
	await phone.getByRole('button', { name: 'Turn off' }).click();
	await expect(desk.getByRole('button', { name: 'Your account', exact: true })).toBeVisible();
	await other.reload();
	await expect(box(other)).toBeVisible();
	await expect(other.getByText('does not want to be disturbed')).toHaveCount(0);
	expect(b.id).not.toBe(a.id);
});
