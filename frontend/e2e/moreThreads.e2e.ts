// What a thread has of its own, as a room has: a draft, files, messages for later, and places that a search leads to.
import type { Page } from '@playwright/test';
import { answerBox, box, list, replies, row } from './room.ts';
import { expect, press, test } from './world.ts';

const thread = (page: Page) => page.getByRole('region', { name: 'Thread', exact: true });
const reply = (page: Page, text: string) => replies(page).getByRole('article').filter({ hasText: text });

/** ask says something in the room and opens its thread. It gives back the address of the thread. */
async function ask(page: Page, question: string) {
	await box(page).fill(question);
	await box(page).press('Enter');
	await press(row(page, question), 'Reply in thread');
	await expect(answerBox(page)).toBeFocused();
	return new URL(page.url()).pathname + new URL(page.url()).search;
}

test('a draft and a file belong to their thread, and not to its room', async ({ visit, room }) => {
	const { id } = await room('Drafted');
	const [desk, phone, ben] = [await visit('member'), await visit('member'), await visit('facilitator')];
	await desk.goto(`/rooms/${id}`);
	const address = await ask(desk, 'Who has the plan?');
	await answerBox(desk).fill('I have it here');
	await phone.goto(address);
	await expect(answerBox(phone)).toHaveValue('I have it here');
	await ben.goto(address);
	await expect(reply(ben, 'Who has the plan?')).toBeVisible();
	await expect(answerBox(ben)).toHaveValue('');
	await desk.reload();
	await expect(answerBox(desk)).toHaveValue('I have it here');
	await expect(box(desk)).toHaveValue('');

	const asked = desk.waitForEvent('filechooser');
	await thread(desk).getByRole('button', { name: 'Attach files' }).click();
	await (await asked).setFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('The plan') });
	await expect(thread(desk).getByRole('list', { name: 'Files to send' }).getByText('Ready')).toBeVisible();
	await expect(desk.getByRole('list', { name: 'Files to send' })).toHaveCount(1);
	await answerBox(desk).press('Enter');
	for (const page of [desk, phone, ben])
		await expect(reply(page, 'I have it here').getByRole('link', { name: /plan\.txt/ })).toBeVisible();
	await expect(answerBox(phone)).toHaveValue('');
	for (const page of [desk, ben]) {
		await expect(row(page, 'Who has the plan?').getByRole('link', { name: /1 reply/ })).toBeVisible();
		await expect(list(page).getByRole('article')).toHaveCount(1);
	}
});

test('an answer for later waits in its thread, and goes there', async ({ visit, room }) => {
	const { id } = await room('Answered later');
	const [page, ben] = [await visit('member'), await visit('facilitator')];
	await page.goto(`/rooms/${id}`);
	const address = await ask(page, 'When shall we meet?');
	await ben.goto(address);
	const words = `At noon, say ${Date.now() % 1e6}`;
	await answerBox(page).fill(words);
	await thread(page).getByRole('button', { name: 'Send later' }).click();
	await page.getByRole('button', { name: /^In an hour/ }).click();
	await expect(thread(page).getByText('1 message waits to be sent.')).toBeVisible();
	await expect(page.getByText('1 message waits to be sent.')).toHaveCount(1);
	await expect(answerBox(page)).toHaveValue('');
	await expect(reply(ben, words)).toHaveCount(0);

	await thread(page).getByRole('link', { name: 'Show', exact: true }).click();
	const kept = page.getByRole('main').getByRole('listitem').filter({ hasText: words });
	await expect(kept).toContainText('(in a thread)');
	// Taken back, its words are in the box of the thread again.
	await kept.getByRole('button', { name: 'Take back' }).click();
	await expect(kept).toHaveCount(0);
	await page.goto(address);
	await expect(answerBox(page)).toHaveValue(words);
	await expect(box(page)).toHaveValue('');

	await thread(page).getByRole('button', { name: 'Send later' }).click();
	await page.getByRole('button', { name: /^In an hour/ }).click();
	await thread(page).getByRole('link', { name: 'Show', exact: true }).click();
	await kept.getByRole('button', { name: 'Send now' }).click();
	await expect(kept).toHaveCount(0);
	await expect(reply(ben, words)).toHaveCount(1);
	await expect(list(ben).getByRole('article')).toHaveCount(1);
});

test('what a search finds in a thread opens the thread, at that reply', async ({ visit, room }) => {
	const { id } = await room('Looked for');
	const [page, ben] = [await visit('member'), await visit('facilitator')];
	const word = `bilby${Date.now() % 1e6}`;
	await page.goto(`/rooms/${id}`);
	await ask(page, 'What do we call it?');
	for (const words of [`The ${word}, perhaps`, 'Or something shorter']) {
		await answerBox(page).fill(words);
		await answerBox(page).press('Enter');
		await expect(reply(page, words)).toBeVisible();
	}
	await ben.goto('/search/messages');
	await ben.getByLabel('Search what was said').fill(word);
	const found = ben.getByRole('list', { name: 'Messages found' }).getByRole('listitem');
	await expect(found).toHaveCount(1);
	await found.getByRole('link').click();
	await expect(ben).toHaveURL(new RegExp(`/rooms/${id}\\?thread=\\d+&reply=\\d+$`));
	await expect(reply(ben, word)).toBeFocused();
	await expect(reply(ben, 'Or something shorter')).toBeVisible();
	await expect(row(ben, 'What do we call it?')).toBeVisible();
	await expect(row(ben, word)).toHaveCount(0);
});
