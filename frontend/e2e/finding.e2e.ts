import type { Page } from '@playwright/test';
import { hall } from './hall.ts';
import { box, headers, list } from './room.ts';
import { expect, test } from './world.ts';

const results = (page: Page) => page.getByRole('list', { name: 'Messages found' });

async function say(page: Page, text: string) {
	await box(page).fill(text);
	await box(page).press('Enter');
	await expect(list(page).getByText(text)).toBeVisible();
}

test('what another said is found from its room, narrowed, widened, and opened in its place', async ({
	visit,
	room
}) => {
	const [one, other] = [await room('Kettles'), await room('Teapots')];
	const [anna, host] = [await visit('member'), await visit('facilitator')];
	const word = `quokka${Date.now() % 1e6}`;
	for (const at of [one, other]) {
		await host.goto(`/rooms/${at.id}`);
		await say(host, `Two ${word}s <b>jumped** over it`);
	}
	await anna.goto(`/rooms/${one.id}`);
	await anna.getByRole('link', { name: 'Search in this room' }).click();
	await expect(anna.getByRole('heading', { level: 1, name: 'Search messages' })).toBeVisible();
	await anna.getByLabel('Search what was said').fill(word);
	await expect(results(anna).getByRole('listitem')).toHaveCount(1);
	await expect(results(anna).locator('mark')).toHaveText(`${word}s`);
	await expect(results(anna)).toContainText('<b>jumped');

	await anna.getByRole('button', { name: `Remove the filter In ${one.name}` }).click();
	await expect(results(anna).getByRole('listitem')).toHaveCount(2);

	// By the keyboard: from me finds nothing, and what is in the way can be left out.
	await anna.getByRole('button', { name: 'From a person' }).press('Enter');
	await anna.getByRole('dialog').getByRole('button', { name: 'From me' }).press('Enter');
	await expect(anna.getByText('Nothing found')).toBeVisible();
	await expect(anna).toHaveURL(/from%3Ame|from:me/);
	await anna.getByRole('button', { name: 'Without from:me' }).press('Enter');
	await expect(results(anna).getByRole('listitem')).toHaveCount(2);
	await anna.getByRole('button', { name: 'In a room' }).click();
	await anna.getByLabel('Name of the room or conversation').fill(other.name);
	await anna.getByRole('dialog').getByRole('list').getByRole('button', { name: other.name }).click();
	await expect(results(anna).getByRole('listitem')).toHaveCount(1);

	await results(anna).getByRole('link').click();
	await expect(anna).toHaveURL(new RegExp(`/rooms/${other.id}\\?at=\\d+`));
	await expect(list(anna).getByText(word)).toBeVisible();
	await anna.goBack();
	await expect(results(anna).getByRole('listitem')).toHaveCount(1);

	await anna.getByLabel('Search what was said').fill('has:cheese');
	await expect(anna.getByText('after has: comes file or link')).toBeVisible();
	const outsider = await visit('outsider');
	await outsider.goto(`/search/messages?q=${word}`);
	await expect(outsider.getByText('Nothing found')).toBeVisible();
});

test('a search of many shows fifty and then the rest; without a network it says so', async ({ visit }) => {
	const { id, writer: host } = await hall(visit, 110);
	const anna = await visit('load-48');
	const word = `wombat${Date.now() % 1e6}`;
	await Promise.all(
		Array.from({ length: 55 }, (_, i) =>
			host.request.post(`/api/rooms/${id}/messages`, {
				data: { clientId: crypto.randomUUID(), body: `${word} ${i}` },
				headers: headers()
			})
		)
	);
	await host.goto(`/search/messages?q=${word}`);
	await expect(results(host).getByRole('listitem')).toHaveCount(50);
	await host.getByRole('button', { name: 'Show more' }).click();
	await expect(results(host).getByRole('listitem')).toHaveCount(55);

	await anna.goto('/search/messages');
	await expect(anna.getByLabel('Search what was said')).toBeVisible();
	await anna.waitForLoadState('networkidle');
	await anna.context().setOffline(true);
	await anna.getByLabel('Search what was said').fill(word);
	await expect(anna.getByText('You are offline')).toBeVisible();
	await anna.context().setOffline(false);
	await expect(anna.getByText('Nothing found')).toBeVisible();
});

test('who has read a message is shown once a facilitator has switched it on', async ({ visit, room }) => {
	const { id, spaceId } = await room('Read');
	const [anna, host] = [await visit('member'), await visit('facilitator')];
	await anna.goto(`/rooms/${id}`);
	await say(anna, 'Please read this');
	await expect(anna.getByRole('button', { name: 'Who has read this' })).toHaveCount(0);
	await host.goto(`/spaces/${spaceId}`);
	await host.getByLabel('Show who has read a message').check();
	await expect(host.getByText('It is now shown who has read a message')).toBeVisible();
	try {
		await anna.reload();
		await list(anna).getByText('Please read this').hover();
		const open = async () => {
			const more = anna.getByRole('button', { name: 'More' });
			if (await more.count()) await more.last().click();
			await anna.getByRole('button', { name: 'Who has read this' }).last().click();
		};
		await open();
		await expect(anna.getByRole('dialog').getByText(/Read by 0 of \d+/)).toBeVisible();
		await anna.keyboard.press('Escape');
		await expect(anna.getByText('Everybody here can see who has read a message.')).toBeVisible();
		const read = host.waitForResponse((r) => r.url().endsWith('/read') && r.request().method() === 'PUT');
		await host.goto(`/rooms/${id}`);
		await read;
		await list(anna).getByText('Please read this').hover();
		await open();
		await expect(anna.getByRole('dialog').getByText(/Read by 1 of \d+/)).toBeVisible();
		await expect(anna.getByRole('dialog').getByRole('listitem')).toHaveCount(1);
	} finally {
		await host.goto(`/spaces/${spaceId}`);
		await host.getByLabel('Show who has read a message').uncheck();
		await expect(host.getByText('It is no longer shown')).toBeVisible();
	}
});

test('how long messages are kept is tried, chosen, and told to everybody', async ({ visit, room }) => {
	const { id } = await room('Kept');
	const [anna, host] = [await visit('member'), await visit('facilitator')];
	await anna.goto(`/rooms/${id}`);
	await expect(anna.getByText('Messages here are kept.')).toBeVisible();
	await expect(anna.getByRole('button', { name: 'Choose how long' })).toHaveCount(0);
	await host.goto(`/rooms/${id}`);
	await host.getByRole('button', { name: 'Choose how long messages are kept' }).click();
	const dialog = host.getByRole('dialog');
	await expect(dialog.getByText('Nothing will be deleted from now on.')).toBeVisible();
	await dialog.getByLabel('90 days').check();
	await expect(dialog.getByText('No message is that old today.')).toBeVisible();
	await expect(dialog.getByText(/Deletion begins on \d+ \S+ \d{4}/)).toBeVisible();
	await dialog.getByRole('button', { name: 'Keep for 90 days' }).click();
	await expect(host.getByText('Messages here are kept for 90 days, then deleted.')).toBeVisible();
	await expect(anna.getByText('Messages here are kept for 90 days, then deleted.')).toBeVisible();
});
