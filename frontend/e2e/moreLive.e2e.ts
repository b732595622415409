// Keys that lead to what is new, who is there, when notices are held back, and lines that are cut under two readers.
import type { Page, WebSocketRoute } from '@playwright/test';
import { box, headers, list, me } from './room.ts';
import { expect, test, type Who } from './world.ts';

const named = (name: string) => ({ name: new RegExp(`^\\W*${name}\\b`) });
/** A conversation in the list that is a page of its own, and in the one beside a room. */
const listed = (page: Page, name: string) => page.getByRole('main').getByRole('link', named(name));
const beside = (page: Page, name: string) =>
	page.getByRole('complementary').getByRole('navigation', { name: 'Direct messages' }).getByRole('link', named(name));

async function say(page: Page, room: string, body: string) {
	const data = { clientId: crypto.randomUUID(), body };
	const answer = await page.request.post(`/api/rooms/${room}/messages`, { data, headers: headers() });
	expect(answer.status(), await answer.text()).toBe(201);
	return (await answer.json()) as { seq: number };
}

/** writeTo has somebody begin a conversation with another and say something in it. */
async function writeTo(from: Page, to: { id: string }, body: string) {
	const answer = await from.request.post('/api/conversations', { data: { people: [to.id] }, headers: headers() });
	const { id } = (await answer.json()) as { id: string };
	const { seq } = await say(from, id, body);
	return { id, seq };
}

test('R and T on a message open its menu and its thread; the sheet of keys comes and goes', async ({ visit, room }) => {
	const { id } = await room('By one key');
	const [page, ben] = [await visit('member'), await visit('facilitator')];
	await say(ben, id, 'Shall we?');
	await page.goto(`/rooms/${id}`);
	const message = list(page).getByRole('article').filter({ hasText: 'Shall we?' });
	await message.focus();
	await page.keyboard.press('r');
	await expect(page.getByRole('group', { name: 'Message actions' })).toBeVisible();
	await expect(page.getByRole('button', { name: 'Thumbs up', exact: true })).toBeFocused();
	await page.keyboard.press('Enter');
	await expect(message.getByRole('button', { name: 'Thumbs up, 1 person, you too' })).toBeVisible();

	const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
	await message.focus();
	await page.keyboard.press('?');
	await expect(sheet).toBeVisible();
	await page.keyboard.press('Control+/');
	await expect(sheet).toBeHidden();
	await message.focus();
	await page.keyboard.press('t');
	const answer = page.getByRole('textbox', { name: 'Reply in this thread' });
	await expect(answer).toBeFocused();
	await page.keyboard.type('R and T are letters here');
	await expect(answer).toHaveValue('R and T are letters here');
	await page.keyboard.press('Control+/');
	await expect(sheet).toBeVisible();
});

test('Alt, Shift and the arrows lead past what is read to what is new', async ({ visit }) => {
	const anna = await visit('load-180');
	const a = await me(anna);
	const others = [await visit('load-181'), await visit('load-182'), await visit('load-183')] as const;
	const names = await Promise.all(others.map(async (page) => (await me(page)).name));
	// The last that was spoken in stands first: the list is first, middle, end, and the middle one is read.
	const end = await writeTo(others[2], a, 'At the end');
	const middle = await writeTo(others[1], a, 'In the middle');
	const first = await writeTo(others[0], a, 'At the beginning');
	const read = await anna.request.put(`/api/rooms/${middle.id}/read`, {
		data: { seq: middle.seq },
		headers: headers()
	});
	expect(read.ok(), await read.text()).toBe(true);
	const unread = async (id: string) => (await (await anna.request.get(`/api/rooms/${id}`)).json()).unread as number;
	const isNew = (link: typeof listed, i: number) => expect(link(anna, names[i]!)).toHaveAccessibleName(/new message/);
	const here = (id: string) => expect(anna).toHaveURL(new RegExp(`/rooms/${id}$`));

	await anna.goto('/conversations');
	await isNew(listed, 0);
	await isNew(listed, 2);
	await expect(listed(anna, names[1]!)).not.toHaveAccessibleName(/new message/);
	await anna.keyboard.press('Alt+Shift+ArrowDown');
	await here(first.id);
	await expect.poll(() => unread(first.id)).toBe(0);
	await anna.keyboard.press('Alt+Shift+ArrowDown');
	await here(end.id);
	await expect.poll(() => unread(end.id)).toBe(0);

	// Up goes the other way: from the end to the middle, and not round to the first.
	await say(others[1], middle.id, 'Once more');
	await say(others[0], first.id, 'Once more');
	await isNew(beside, 0);
	await isNew(beside, 1);
	await anna.keyboard.press('Alt+Shift+ArrowUp');
	await here(middle.id);
});

test('one sees who goes away, who is back, and who has closed their browser', async ({ visit }) => {
	test.setTimeout(240_000); // what somebody says of themselves holds for a minute
	const [anna, ben, cay] = [await visit('load-170'), await visit('load-171'), await visit('load-172')];
	const a = await me(anna);
	const names = [(await me(ben)).name, (await me(cay)).name] as const;
	for (const page of [ben, cay]) await writeTo(page, a, 'Good morning');
	for (const page of [anna, ben, cay]) await page.goto('/conversations');
	for (const name of names) await expect(listed(anna, name)).toHaveAccessibleName(/, Here/, { timeout: 30_000 });

	// Ben's hands have been off for six minutes, as far as his browser can tell; Cay goes home.
	await ben.evaluate(() => {
		const now = Date.now.bind(Date);
		Date.now = () => now() + 6 * 60_000;
		document.dispatchEvent(new Event('visibilitychange'));
	});
	await cay.context().close();
	await expect(listed(anna, names[0])).toHaveAccessibleName(/, Away/, { timeout: 90_000 });
	await expect(listed(anna, names[1])).not.toHaveAccessibleName(/, (Here|Away)/, { timeout: 90_000 });
	await ben.mouse.move(200, 300);
	await expect(listed(anna, names[0])).toHaveAccessibleName(/, Here/, { timeout: 30_000 });
});

test('who does not want to be disturbed gets no notice on the desktop, and later ones again', async ({ visit }) => {
	const number = 173 + 2 * test.info().retry; // who are in peace with nobody yet
	const anna = await visit(`load-${number}` as Who, { permissions: ['notifications'] });
	const ben = await visit(`load-${number + 1}` as Who);
	const [a, b] = [await me(anna), await me(ben)];
	const told: string[] = [];
	await anna.exposeFunction('toldOf', (title: string) => told.push(title));
	await anna.addInitScript(() => {
		window.Notification = class extends Notification {
			constructor(title: string, options?: NotificationOptions) {
				super(title, options);
				Reflect.get(window, 'toldOf')(title);
			}
		};
		Object.defineProperty(document, 'hidden', { get: () => Reflect.has(window, 'away') });
	});
	await anna.goto('/profile/chat');
	await anna.getByRole('button', { name: 'Show notices on this device' }).click();
	await expect(anna.getByText('Notices are on.')).toBeVisible();
	await expect.poll(() => told).toEqual(['Notices from Guildhall look like this']);
	await anna.getByRole('button', { name: 'Your account' }).click();
	await anna.getByRole('button', { name: 'For an hour' }).click();
	const peace = anna.getByRole('button', { name: 'Your account, Do not disturb' });
	await expect(peace).toBeVisible();
	await anna.evaluate(() => {
		Reflect.set(window, 'away', true);
		document.dispatchEvent(new Event('visibilitychange'));
	});

	// It is counted, and nothing is shown.
	const { id } = await writeTo(ben, a, 'Not now');
	await expect(anna.getByRole('banner').getByRole('link', { name: /new messages/ })).toBeVisible();
	await peace.click();
	await anna.getByRole('button', { name: 'Turn off', exact: true }).click();
	await expect(anna.getByRole('button', { name: 'Your account', exact: true })).toBeVisible();
	await say(ben, id, 'Now');
	await expect.poll(() => told).toEqual(['Notices from Guildhall look like this', `New message from ${b.name}`]);
});

/** Stands between a page and the server's socket: it can cut the line, and keep new ones waiting. */
async function wire(page: Page) {
	const lines: WebSocketRoute[] = [];
	const heard: string[] = [];
	let waiting = Promise.resolve();
	let release = () => {};
	await page.routeWebSocket(/\/api\/live$/, async (line) => {
		await waiting;
		lines.push(line);
		const server = line.connectToServer();
		server.onMessage((frame) => {
			heard.push(frame.toString());
			line.send(frame);
		});
	});
	return {
		heard,
		/** It follows a room by a line that is not cut. */
		follows: (room: string) =>
			expect.poll(() => heard.some((f) => f.includes('"subscribed"') && f.includes(`"${room}"`))).toBe(true),
		cut: async () => {
			heard.length = 0;
			waiting = new Promise((done) => (release = done));
			await lines.at(-1)!.close({ code: 1012, reason: 'service restart' });
		},
		mend: () => release()
	};
}

test('the lines of two are cut again and again: both come back, and nothing is lost or doubled', async ({
	visit,
	room
}) => {
	const { id } = await room('Cut lines');
	const [reader, writer] = [await visit('member'), await visit('facilitator')];
	const pages = [reader, writer] as const;
	const wires = [await wire(reader), await wire(writer)] as const;
	const said = (page: Page) => page.locator('article .prose, article p.whitespace-pre-wrap').allInnerTexts();
	for (const page of pages) await page.goto(`/rooms/${id}`);
	for (const page of pages) await expect(box(page)).toBeVisible();
	for (const { follows } of wires) await follows(id);
	const all: string[] = [];
	const both = async (...words: string[]) => {
		all.push(...words);
		for (const page of pages) await expect.poll(() => said(page), { timeout: 30_000 }).toEqual(all);
	};

	for (const round of [1, 2, 3]) {
		for (const { cut } of wires) await cut();
		// Nobody hears this live. It comes over no socket that it was missed on.
		await say(writer, id, `Missed ${round}`);
		await box(reader).fill(`Written meanwhile ${round}`);
		await box(reader).press('Enter');
		for (const { mend } of wires) mend();
		await both(`Missed ${round}`, `Written meanwhile ${round}`);
		for (const { follows } of wires) await follows(id);

		// And the new lines carry what is said from now on.
		await say(reader, id, `Live ${round}`);
		await both(`Live ${round}`);
		for (const { heard } of wires) await expect.poll(() => heard.join()).toContain(`Live ${round}`);
	}
	for (const page of pages) await page.reload();
	await both();
});
