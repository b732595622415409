import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { answerBox, box, list, replies, said, say } from './room.ts';
import { expect, press, test } from './world.ts';

// One after the other: the sidebar counts all threads of a person.
test.describe.configure({ mode: 'default' });

const thread = (page: Page) => page.getByRole('region', { name: 'Thread', exact: true });
const threads = (page: Page) => page.getByRole('complementary').getByRole('link', { name: /^Threads/ });

const answer = (page: Page, text: string) => say(page, text, answerBox(page));

/** Opens the thread of a message by its tools. */
async function reply(page: Page, to: string) {
	const row = list(page).getByRole('article').filter({ hasText: to });
	await press(row, 'Reply in thread');
	await expect(answerBox(page)).toBeFocused();
}

test('two leaders answer in a thread; one loses the network; nothing is lost and the room stays calm', async ({
	visit,
	room
}) => {
	const { id } = await room('Answers');
	const [anna, ben] = [await visit('member'), await visit('facilitator')];
	for (const page of [anna, ben]) {
		await page.goto(`/rooms/${id}`);
		await expect(box(page)).toBeVisible();
	}
	await say(anna, 'Who has done this?');
	await expect(list(ben).getByText('Who has done this?')).toBeVisible();
	await reply(ben, 'Who has done this?');
	await answer(ben, 'We have');
	// Anna sees in the room that somebody answered, and not what; she follows what hangs on her own words.
	const summary = list(anna).getByRole('link', { name: /1 reply/ });
	await expect(summary).toBeVisible();
	await expect(summary).toContainText('1 new message');
	await expect(list(anna).getByText('We have')).toHaveCount(0);
	await expect(threads(anna)).toContainText('1 thread with something new');

	await summary.click();
	await expect(replies(anna).getByText('We have')).toBeVisible();
	await expect(thread(anna).getByRole('heading', { name: 'Thread' })).toBeFocused();
	await expect(threads(anna)).not.toContainText('something new');

	await anna.context().setOffline(true);
	await answer(anna, 'Written in a tunnel');
	await expect(replies(anna).getByText('Written in a tunnel')).toBeVisible();
	await answer(ben, 'Are you there?');
	await say(ben, 'Meanwhile in the room');
	await expect(list(ben).getByText('Meanwhile in the room')).toBeVisible();
	await anna.context().setOffline(false);
	const all = ['Who has done this?', 'We have', 'Are you there?', 'Written in a tunnel'];
	for (const page of [anna, ben]) await expect.poll(() => said(page, replies(page)), { timeout: 30_000 }).toEqual(all);
	for (const page of [anna, ben]) {
		await expect(list(page).getByRole('link', { name: /3 replies/ })).toBeVisible();
		await expect(list(page).getByRole('article')).toHaveCount(2);
	}
	await expect(list(anna).getByText('Meanwhile in the room')).toBeVisible();

	// And so it stands for whoever comes in anew, by the address of the thread.
	await anna.reload();
	await expect.poll(() => said(anna, replies(anna))).toEqual(all);
});

test('what is new in threads is counted, listed and read on every device', async ({ visit, room }) => {
	const { id } = await room('Followed');
	const [ben, anna, phone] = [
		await visit('facilitator'),
		await visit('member'),
		await visit('member', { viewport: { width: 390, height: 844 } })
	];
	for (const page of [ben, anna]) await page.goto(`/rooms/${id}`);
	await say(anna, 'A question');
	await phone.goto('/threads');
	await expect(phone.getByRole('heading', { level: 1, name: 'Threads' })).toBeVisible();
	await reply(ben, 'A question');
	await answer(ben, 'First answer');
	await answer(ben, 'Second answer');
	const row = phone.getByRole('main').getByRole('listitem').filter({ hasText: 'Followed' });
	await expect(row).toContainText('2 new messages');
	await expect(list(anna).getByRole('link', { name: /2 replies/ })).toContainText('2 new messages');

	await list(anna)
		.getByRole('link', { name: /2 replies/ })
		.click();
	await expect(replies(anna).getByText('New since you were last here')).toBeVisible();
	await expect(row).not.toContainText('new message');

	// On the phone the thread takes the place of the room, and Back leads out of it.
	await row.getByRole('link').click();
	await expect(replies(phone).getByText('Second answer')).toBeVisible();
	await expect(phone.locator('[inert] textarea')).toHaveCount(1);
	await phone.getByRole('button', { name: 'Close the thread' }).click();
	await expect(list(phone).getByRole('article').filter({ hasText: 'A question' })).toBeFocused();
	await phone.goBack();
	await expect(replies(phone).getByText('Second answer')).toBeVisible();

	// Who stops following hears no more of it.
	const bell = thread(anna).getByRole('button', { name: 'Follow this thread' });
	await expect(bell).toHaveAttribute('aria-pressed', 'true');
	await bell.click();
	await expect(bell).toHaveAttribute('aria-pressed', 'false');
	await thread(anna).getByRole('button', { name: 'Close the thread' }).click();
	await answer(ben, 'Third answer');
	const now = list(anna).getByRole('link', { name: /3 replies/ });
	await expect(now).toBeVisible();
	await expect(now).not.toContainText('new message');
});

test('a deleted reply counts no more, and a thread whose first message is gone can be read', async ({
	visit,
	room
}) => {
	const { id } = await room('Gone');
	const [anna, ben] = [await visit('member'), await visit('facilitator')];
	for (const page of [anna, ben]) await page.goto(`/rooms/${id}`);
	await say(anna, 'Shall we?');
	await reply(anna, 'Shall we?');
	await answer(anna, 'I think so');
	await answer(anna, 'Or not');
	await expect(list(ben).getByRole('link', { name: /2 replies/ })).toBeVisible();
	const remove = async (where: ReturnType<typeof list>, text: string) => {
		const row = where.getByRole('article').filter({ hasText: text });
		await press(row, 'Delete');
		await anna.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	};
	await remove(replies(anna), 'Or not');
	const one = list(ben).getByRole('link', { name: /1 reply/ });
	await expect(one).toBeVisible();
	await remove(list(anna), 'Shall we?');
	await expect(thread(anna).getByText('It can be read but not written in.')).toBeVisible();
	await one.click();
	await expect(replies(ben).getByText('I think so')).toBeVisible();
	await expect(answerBox(ben)).toHaveCount(0);

	// Nobody else's: no thread, and no fault.
	await ben.goto(`/rooms/${id}?thread=987654321`);
	await expect(ben.getByText('There is no such thread')).toBeVisible();
});

test('a thread is accessible, wide, narrow and dark', async ({ visit, room }) => {
	const { id } = await room('Accessible');
	const page = await visit('member');
	await page.goto(`/rooms/${id}`);
	await say(page, 'One');
	await reply(page, 'One');
	await answer(page, 'Two');
	await expect(list(page).getByRole('link', { name: /1 reply/ })).toBeVisible();
	for (const [width, colorScheme] of [
		[1440, 'light'],
		[1440, 'dark'],
		[320, 'light'],
		[320, 'dark']
	] as const) {
		await page.setViewportSize({ width, height: 700 });
		await page.emulateMedia({ colorScheme });
		const { violations } = await new AxeBuilder({ page }).analyze();
		expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target)}`)).toEqual([]);
		expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
	}
});
