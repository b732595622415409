import type { Page } from '@playwright/test';
import { box, list, me } from './room.ts';
import { cohort, expect, test } from './world.ts';

const talks = (page: Page) => page.getByRole('complementary').getByRole('navigation', { name: 'Direct messages' });

async function say(page: Page, text: string) {
	await box(page).fill(text);
	await box(page).press('Enter');
	await expect(list(page).getByText(text)).toBeVisible();
}

/** begin opens a conversation by the page for it. */
async function begin(page: Page, people: string[], name = '') {
	await page.goto('/conversations/new');
	for (const person of people) {
		await page.getByRole('combobox', { name: 'People' }).pressSequentially(person);
		await expect(page.getByRole('option', { name: new RegExp(person) })).toBeVisible();
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Enter');
		await expect(page.getByRole('list', { name: 'People chosen' })).toContainText(person);
	}
	if (name) await page.getByLabel('Name of the group').fill(name);
	await page.getByRole('button', { name: 'Start the conversation' }).click();
	await expect(box(page)).toBeVisible();
}

test('two people talk; the other hears of it without a reload; it is hidden and comes back', async ({ visit }) => {
	const first = 51 + 10 * test.info().retry; // who have no conversation yet
	const [anna, ben] = [await visit(`load-${first}`), await visit(`load-${first + 1}`)];
	const [a, b] = [await me(anna), await me(ben)];
	await ben.goto('/conversations');
	await expect(ben.getByText('You have no conversations yet')).toBeVisible();
	await anna.goto(`/people/${b.id}`);
	await anna.getByRole('button', { name: `Write to ${b.name}` }).click();
	await expect(anna.getByRole('heading', { level: 1, name: b.name })).toBeVisible();
	// Nothing was said: the other knows of nothing yet.
	await expect(ben.getByText('You have no conversations yet')).toBeVisible();
	await say(anna, 'Between us two');

	const row = ben.getByRole('main').getByRole('link', { name: new RegExp(`${a.name}.*1 new message`) });
	await expect(row).toBeVisible();
	await row.click();
	await expect(list(ben).getByText('Between us two')).toBeVisible();
	await say(ben, 'And back again');
	await expect(list(anna).getByText('And back again')).toBeVisible();

	await ben.getByRole('button', { name: 'Hide until somebody writes' }).click();
	await expect(ben.getByText('Hidden. It comes back')).toBeVisible();
	await expect(ben.getByText('You have no conversations yet')).toBeVisible();
	await say(anna, 'Are you there?');
	await expect(ben.getByRole('main').getByRole('link', { name: new RegExp(`${a.name}.*1 new message`) })).toBeVisible();
});

test('a group: named, somebody comes in who sees what is new only, mutes it, and leaves', async ({ visit }) => {
	const [anna, ben, cay] = [await visit('load-23'), await visit('load-24'), await visit('load-25')];
	const [a, b, c] = [await me(anna), await me(ben), await me(cay)];
	const other = (await me(await visit('load-26'))).name;
	await begin(anna, [b.name, other]);
	await say(anna, 'Before the newcomer');
	const url = new URL(anna.url()).pathname;
	await ben.goto(url);
	await expect(list(ben).getByText('Before the newcomer')).toBeVisible();

	await anna.getByRole('button', { name: 'Change the name' }).click();
	await anna.getByRole('dialog').getByLabel('Name of the group').fill('Budget table');
	await anna.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
	await expect(ben.getByRole('heading', { level: 1, name: 'Budget table' })).toBeVisible();
	await expect(list(ben).getByText(`${a.name} named this conversation “Budget table”.`)).toBeVisible();

	await cay.goto(url);
	await expect(cay.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
	await anna.getByRole('button', { name: 'Add people' }).click();
	const dialog = anna.getByRole('dialog');
	await dialog.getByRole('combobox', { name: 'People' }).fill(c.name);
	await dialog.getByRole('option', { name: new RegExp(c.name) }).click();
	await dialog.getByRole('radio', { name: 'Nothing: they see' }).check();
	await dialog.getByRole('button', { name: 'Add', exact: true }).click();
	await expect(list(ben).getByText(`${a.name} added ${c.name}, with what is said from now on.`)).toBeVisible();
	await say(ben, 'Welcome');
	await cay.goto(url);
	await expect(list(cay).getByText('Welcome')).toBeVisible();
	await expect(list(cay).getByText('Before the newcomer')).toHaveCount(0);

	await cay.getByRole('checkbox', { name: 'Mute' }).check();
	await expect(talks(cay).getByRole('link', { name: /Budget table.*muted/ })).toBeVisible();
	await cay.goto('/people');
	await say(ben, 'Not for the muted');
	await expect(cay.getByRole('link', { name: /with new messages/ })).toHaveCount(0);

	await cay.goto(url);
	const second = await cay.context().newPage();
	await second.goto(url);
	await expect(list(second).getByText('Welcome')).toBeVisible();
	await cay.getByRole('button', { name: 'Leave' }).click();
	await cay.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
	await expect(cay).toHaveURL(/\/conversations$/);
	await expect(second.getByRole('heading', { name: 'You are no longer in this conversation' })).toBeVisible();
	await expect(list(ben).getByText(`${c.name} left.`)).toBeVisible();
});

test('a private room is not there for who was not invited, and ends for who is removed', async ({ visit }) => {
	const [host, anna, other] = [await visit('facilitator'), await visit('member'), await visit('moderator')];
	const a = await me(anna);
	const space = await cohort(host.request);
	const name = `Few ${Date.now() % 1e6}`;
	await host.goto(`/spaces/${space}/rooms`);
	await host.getByRole('button', { name: 'Open a room' }).click();
	const dialog = host.getByRole('dialog');
	await dialog.getByLabel('Name of the room').fill(name);
	await dialog.getByRole('checkbox', { name: /^Private/ }).check();
	await dialog.getByRole('combobox', { name: 'People' }).fill(a.name);
	await dialog.getByRole('option', { name: new RegExp(a.name) }).click();
	await dialog.getByRole('button', { name: 'Open a room' }).click();
	await expect(host.getByRole('heading', { level: 1, name: `Private room: ${name}` })).toBeVisible();
	const url = new URL(host.url()).pathname;

	await anna.goto(url);
	await say(anna, 'For a few');
	await other.goto(url);
	await expect(other.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
	await other.goto(`/spaces/${space}/rooms`);
	await expect(other.getByRole('heading', { level: 1, name: 'Rooms' })).toBeVisible();
	await expect(other.getByText(name)).toHaveCount(0);

	await host.getByRole('button', { name: `Remove: ${a.name}` }).click();
	await host.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
	await expect(anna.getByRole('heading', { name: 'You are no longer in this room' })).toBeVisible();
});

test('a room is left and joined again; closed and opened again', async ({ visit, room }) => {
	const { id, spaceId } = await room('Comes and goes');
	const [anna, host] = [await visit('member'), await visit('facilitator')];
	await anna.goto(`/rooms/${id}`);
	await expect(box(anna)).toBeVisible();
	await anna.getByRole('button', { name: 'Leave' }).click();
	await anna.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
	await expect(anna).toHaveURL(new RegExp(`/spaces/${spaceId}/rooms$`));
	await anna
		.getByRole('button', { name: /^Join again.*Comes and goes/ })
		.first()
		.click();
	await expect(anna.getByText(/is back in your list/)).toBeVisible();

	await anna.goto(`/rooms/${id}`);
	await host.goto(`/rooms/${id}`);
	await host.getByRole('button', { name: 'Close the room' }).click();
	await host.getByRole('dialog').getByRole('button', { name: 'Close the room' }).click();
	await expect(anna.getByText('This room is closed.')).toBeVisible();
	await host.getByRole('button', { name: 'Open again' }).click();
	await expect(box(anna)).toBeVisible();
});
