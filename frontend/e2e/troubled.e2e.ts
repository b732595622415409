// Networks that stall, lose answers, crawl or go away, browsers that are slow with their storage, and several tabs: what
// was written is never lost, doubled or out of order, and nobody who reads is moved.
import type { Page, Route } from '@playwright/test';
import { hall, watch } from './hall.ts';
import { answerBox, box, list, replies, row, said, say } from './room.ts';
import { expect, test } from './world.ts';

const tray = (page: Page) => page.getByRole('dialog', { name: 'Not sent yet' });

const sent = (page: Page, text: string) => expect(row(page, text).locator('.message-tools')).toHaveCount(1);

/** What the browser says where there is no network, which the journeys take for no fault of ours. */
const gone = (route: Route) => route.abort('internetdisconnected');
const posts = (room: string) => `**/api/rooms/${room}/messages`;
const words = (route: Route) =>
	route.request().method() === 'POST' ? (route.request().postDataJSON() as { body: string }).body : undefined;

test('a message that hangs for five seconds, and one whose answer is lost, come once and in order', async ({
	visit,
	room
}) => {
	const { id } = await room('Held');
	const [anna, ben] = [await visit('member'), await visit('facilitator')];
	for (const page of [anna, ben]) {
		await page.goto(`/rooms/${id}`);
		await expect(page.getByText('Nothing has been said here yet')).toBeVisible();
	}
	const tries: string[] = [];
	await anna.route(posts(id), async (route) => {
		const body = words(route);
		if (body === undefined) return route.continue();
		tries.push(body);
		if (body === 'Held' && tries.length === 1) await new Promise((r) => setTimeout(r, 5000));
		if (body === 'Answered to nobody' && !tries.slice(0, -1).includes(body)) {
			await route.fetch(); // the server has it
			return gone(route);
		}
		await route.continue();
	});

	for (const text of ['Held', 'Answered to nobody', 'Last']) await say(anna, text);
	await expect(row(anna, 'Held')).toContainText('Sending');
	await expect(row(anna, 'Last')).toContainText('Waiting to be sent');
	await say(ben, 'Meanwhile');
	expect(await said(ben)).not.toContain('Held');

	const all = ['Meanwhile', 'Held', 'Answered to nobody', 'Last'];
	for (const page of [anna, ben]) await expect.poll(() => said(page), { timeout: 30_000 }).toEqual(all);
	expect(tries).toEqual(['Held', 'Answered to nobody', 'Answered to nobody', 'Last']);
	await anna.reload();
	await expect.poll(() => said(anna)).toEqual(all);
});

test('one room that hangs holds up no other', async ({ visit, room }) => {
	const [stuck, free] = [await room('Stuck'), await room('Free')];
	const page = await visit('member');
	let release = () => {};
	const held = new Promise<void>((done) => (release = done));
	await page.route(posts(stuck.id), async (route) => {
		if (words(route)) await held;
		await route.continue();
	});
	await page.goto(`/rooms/${stuck.id}`);
	await say(page, 'Hangs');
	await expect(row(page, 'Hangs')).toContainText('Sending');
	await page
		.getByRole('complementary')
		.getByRole('link', { name: new RegExp(free.name) })
		.click();
	await expect(box(page)).toHaveAttribute('aria-label', new RegExp(free.name));
	await say(page, 'Goes');
	await sent(page, 'Goes');
	release();
	await page.goto(`/rooms/${stuck.id}`);
	await sent(page, 'Hangs');
});

test('two tabs have one outbox: what either wrote goes out once, and nothing that is on its way is taken back', async ({
	visit,
	room
}) => {
	const { id } = await room('Two tabs');
	const one = await visit('member');
	const two = await one.context().newPage();
	for (const page of [one, two]) {
		await page.goto(`/rooms/${id}`);
		await expect(page.getByText('Nothing has been said here yet')).toBeVisible();
	}
	await one.context().setOffline(true);
	await say(one, 'First');
	await say(two, 'Second');
	await say(one, 'Third');
	for (const page of [one, two]) await expect.poll(() => said(page)).toEqual(['First', 'Second', 'Third']);
	await one.context().setOffline(false);
	for (const page of [one, two]) {
		for (const text of ['First', 'Second', 'Third']) await sent(page, text);
		expect(await said(page)).toEqual(['First', 'Second', 'Third']);
	}

	let release = () => {};
	const held = new Promise<void>((done) => (release = done));
	await one.route(posts(id), async (route) => {
		if (words(route)) await held;
		await route.continue();
	});
	await say(one, 'On its way');
	await expect(row(one, 'On its way')).toContainText('Sending');
	await row(two, 'On its way').getByRole('button', { name: 'Edit' }).click();
	await expect(two.getByText('It is on its way already.')).toBeVisible();
	await expect(box(two)).toHaveValue('');
	release();
	for (const page of [one, two]) {
		await sent(page, 'On its way');
		expect(await said(page)).toEqual(['First', 'Second', 'Third', 'On its way']);
	}
});

test('a reply written offline in a thread that is closed since goes out, and is shown meanwhile', async ({
	visit,
	room
}) => {
	const { id } = await room('Closed thread');
	const [anna, ben] = [await visit('member'), await visit('facilitator')];
	for (const page of [anna, ben]) await page.goto(`/rooms/${id}`);
	await say(ben, 'Who has done this?');
	const question = row(anna, 'Who has done this?');
	await question.hover();
	await question.getByRole('button', { name: 'Reply in thread' }).click();
	await expect(answerBox(anna)).toBeFocused();

	await anna.context().setOffline(true);
	await say(anna, 'We have', answerBox(anna));
	await expect(replies(anna).getByText('Waiting to be sent')).toBeVisible();
	await expect(anna.getByText('1 message is not sent yet.')).toHaveCount(0);
	await anna.getByRole('button', { name: 'Close the thread' }).click();
	await expect(anna.getByText('1 message is not sent yet.')).toBeVisible();
	await anna.getByRole('button', { name: 'Show', exact: true }).click();
	await expect(tray(anna)).toContainText('We have');

	// Edit leads to where it was written.
	await tray(anna).getByRole('button', { name: 'Edit' }).click();
	await expect(anna).toHaveURL(/thread=/);
	await anna.context().setOffline(false);
	await expect(answerBox(anna)).toHaveValue('We have', { timeout: 30_000 });

	await anna.context().setOffline(true);
	await answerBox(anna).press('Enter');
	await expect(replies(anna).getByText('Waiting to be sent')).toBeVisible();
	await anna.getByRole('button', { name: 'Close the thread' }).click();
	await anna.context().setOffline(false);
	await expect(anna.getByText('is not sent yet')).toHaveCount(0, { timeout: 30_000 });
	await expect(list(ben).getByRole('link', { name: /1 reply/ })).toBeVisible();
	await list(ben)
		.getByRole('link', { name: /1 reply/ })
		.click();
	await expect.poll(() => said(ben, replies(ben))).toEqual(['Who has done this?', 'We have']);
});

test('three write at once, one of them without a network for a while: all read the same in the end', async ({
	visit,
	room
}) => {
	test.slow(); // three browsers
	const { id } = await room('Three writers');
	// High enough to have all of them in the page.
	const options = { viewport: { width: 1280, height: 2400 } };
	const pages = [
		await visit('member', options),
		await visit('facilitator', options),
		await visit('moderator', options)
	];
	for (const page of pages) {
		await page.goto(`/rooms/${id}`);
		await expect(page.getByText('Nothing has been said here yet')).toBeVisible();
	}
	const talk = async (page: Page, name: string) => {
		for (let i = 1; i <= 6; i++) {
			if (name === 'B' && i === 3) await page.context().setOffline(true);
			await say(page, `${name} ${i}`);
			await page.waitForTimeout(150);
		}
		if (name === 'B') await page.waitForTimeout(1500);
		if (name === 'B') await page.context().setOffline(false);
	};
	await Promise.all(pages.map((page, i) => talk(page, 'ABC'[i]!)));
	for (const page of pages) await expect(list(page).locator('.message-tools')).toHaveCount(18, { timeout: 30_000 });

	const order = await said(pages[0]!);
	for (const page of pages.slice(1)) expect(await said(page)).toEqual(order);
	for (const name of 'ABC')
		expect(order.filter((text) => text.startsWith(name))).toEqual([1, 2, 3, 4, 5, 6].map((i) => `${name} ${i}`));
	await pages[1]!.reload();
	await expect.poll(() => said(pages[1]!)).toEqual(order);
});

test('on a slow network a message is there at once, as waiting, and then sent', async ({ visit, room }) => {
	const { id } = await room('Slow');
	const page = await visit('member');
	await page.goto(`/rooms/${id}`);
	await say(page, 'At first');
	await sent(page, 'At first');

	const cdp = await page.context().newCDPSession(page);
	await cdp.send('Network.emulateNetworkConditions', {
		offline: false,
		latency: 400,
		downloadThroughput: 20_000,
		uploadThroughput: 1000
	});
	await box(page).fill(`Through mud${', and more mud'.repeat(250)}`);
	await box(page).press('Enter');
	await expect(row(page, 'Through mud')).toBeVisible({ timeout: 500 });
	await expect(box(page)).toHaveValue('');
	await expect(row(page, 'Through mud')).toContainText('Sending', { timeout: 2000 });
	await sent(page, 'Through mud');
	await expect(row(page, 'Through mud')).not.toContainText('Sending');
	await expect(row(page, 'Through mud')).toHaveCount(1);
});

test('pictures above the reader that come late do not move what is read', async ({ visit }) => {
	const { id, reader, writer, fill } = await hall(visit, 91);
	await fill(10);
	await writer.goto('/privacy');
	await writer.evaluate(async (id) => {
		const canvas = Object.assign(document.createElement('canvas'), { width: 800, height: 600 });
		canvas.getContext('2d')!.fillRect(0, 0, 400, 300);
		const file = await new Promise<Blob>((done) => canvas.toBlob((blob) => done(blob!)));
		const ask = async (path: string, method: string, body: BodyInit, kind = 'application/json') => {
			const answer = await fetch(`/api${path}`, { method, body, headers: { 'Content-Type': kind } });
			if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
			return answer.json();
		};
		for (let i = 1; i <= 3; i++) {
			const upload = await ask(
				`/rooms/${id}/attachments`,
				'POST',
				JSON.stringify({ name: `${i}.png`, size: file.size })
			);
			await ask(`/attachments/${upload.id}/content?offset=0`, 'PUT', file, 'application/octet-stream');
			const message = { clientId: crypto.randomUUID(), body: `Picture ${i}`, attachments: [upload.id] };
			await ask(`/rooms/${id}/messages`, 'POST', JSON.stringify(message));
		}
	}, id);
	await fill(10);

	let release = () => {};
	const held = new Promise<void>((done) => (release = done));
	await reader.route('**/api/attachments/**', async (route) => {
		await held;
		await route.continue();
	});
	await reader.goto(`/rooms/${id}?at=15`);
	const pictures = list(reader).locator('article img');
	await expect.poll(() => pictures.count()).toBeGreaterThan(1);
	const article = list(reader).locator('article:focus');
	await expect(article).toBeVisible();
	const done = await watch(reader, (await article.getAttribute('id'))!);
	release();
	for (const picture of await pictures.all())
		await expect.poll(() => picture.evaluate((i: HTMLImageElement) => i.complete && i.naturalWidth > 0)).toBe(true);
	await reader.waitForTimeout(300);
	expect(await done()).toBeLessThanOrEqual(1);
});

test('words written before the browser has opened its store are kept and sent', async ({ visit, room }) => {
	const { id } = await room('Slow store');
	const page = await visit('member');
	await page.addInitScript(() => {
		const open = indexedDB.open.bind(indexedDB);
		indexedDB.open = (name, version) => {
			// The answer comes later than anybody would wait for.
			const [late, real] = [new EventTarget(), open(name, version)] as unknown as IDBOpenDBRequest[];
			const tell = (event: Event) =>
				setTimeout(() => {
					for (const key of ['result', 'error', 'transaction'] as const)
						Object.defineProperty(late, key, { get: () => real![key], configurable: true });
					late!.dispatchEvent(new Event(event.type));
				}, 1500);
			for (const type of ['success', 'error']) real!.addEventListener(type, tell);
			real!.addEventListener('upgradeneeded', () => {
				const db = real!.result;
				db.createObjectStore('outbox', { keyPath: 'clientId' }).createIndex('at', 'at');
				db.createObjectStore('drafts', { keyPath: 'key' });
			});
			return late!;
		};
	});
	await page.goto(`/rooms/${id}`);
	await say(page, 'Very early');
	await sent(page, 'Very early');
	await expect(box(page)).toHaveValue('');
});

test('an edit outlives a list that is made anew, and stands in one place', async ({ visit, room }) => {
	const { id } = await room('Edit kept');
	const page = await visit('member');
	await page.goto(`/rooms/${id}`);
	await say(page, 'Frist');
	await sent(page, 'Frist');
	await row(page, 'Frist').hover();
	await row(page, 'Frist').getByRole('button', { name: 'Reply in thread' }).click();
	await expect(replies(page).getByRole('article')).toHaveCount(1);
	await row(page, 'Frist').hover();
	await row(page, 'Frist').getByRole('button', { name: 'Edit' }).click();
	const editor = page.getByRole('textbox', { name: 'Edit your message' });
	await expect(editor).toHaveCount(1);
	await editor.fill('First, and more');
	await page.getByRole('button', { name: 'Close the thread' }).click();

	const today = new Date().toISOString().slice(0, 10);
	await page.getByLabel('Go to a day').fill(today);
	const came = page.waitForResponse((r) => r.url().includes('/messages?') && r.url().includes('at='));
	await page.getByLabel('Go to a day').press('Enter');
	await came;
	await expect(editor).toHaveValue('First, and more');
	await editor.press('Enter');
	await expect(list(page).getByText('First, and more')).toBeVisible();
	await expect(editor).toHaveCount(0);
});

test('what cannot be loaded hides nothing, says so, and comes when asked for again', async ({ visit }) => {
	const { id, reader, fill } = await hall(visit, 93);
	await fill(130);
	await reader.goto(`/rooms/${id}`);
	await reader.getByRole('button', { name: /below/ }).click();
	const newest = list(reader).getByRole('article').last();
	await expect(newest).toBeInViewport();
	const shown = await newest.locator('.prose').innerText();

	let broken = true;
	await reader.route(`**/api/rooms/${id}/messages?*`, (route) => (broken ? gone(route) : route.continue()));
	// A jump.
	await reader.getByLabel('Go to a day').fill('2020-01-01');
	await reader.getByLabel('Go to a day').press('Enter');
	const note = reader.getByRole('alert').filter({ hasText: 'No answer from the server' });
	await expect(note).toBeVisible();
	await expect(newest).toBeInViewport();
	expect(await newest.locator('.prose').innerText()).toBe(shown);
	// A page of history.
	await list(reader).hover();
	await reader.mouse.wheel(0, -20_000);
	const missed = reader.getByRole('status').filter({ hasText: 'More messages could not be loaded.' });
	await expect(missed).toBeVisible();
	broken = false;
	// A movement of the list may ask first.
	await missed
		.getByRole('button', { name: 'Try again' })
		.click({ timeout: 2000 })
		.catch(() => {});
	await expect(missed).toHaveCount(0);
	await note.getByRole('button', { name: 'Try again' }).click();
	await expect(note).toHaveCount(0);
	await expect(list(reader).getByText('This is the beginning of your conversation.')).toBeVisible();
});

test('a part of the page that does not come says so, and comes when asked for again', async ({ visit, room }) => {
	const { id } = await room('Missing part');
	const page = await visit('member');
	await page.goto(`/rooms/${id}`);
	await say(page, 'Here');
	await sent(page, 'Here');
	// The next parts: whatever has not been fetched so far.
	let broken = true;
	await page.route('**/immutable/**', (route) => (broken ? gone(route) : route.continue()));
	await row(page, 'Here').hover();
	await row(page, 'Here').getByRole('button', { name: 'Reply in thread' }).click();
	const note = page.getByRole('alert').filter({ hasText: 'This part could not be loaded.' });
	await expect(note).toBeVisible();
	broken = false;
	await note.getByRole('button', { name: 'Try again' }).click();
	await expect(async () => {
		if (await note.isVisible()) await note.getByRole('button', { name: 'Try again' }).click();
		await expect(answerBox(page)).toBeVisible({ timeout: 2000 });
	}).toPass();
});

test('what is typed while @room is counted stays in the box', async ({ visit, room }) => {
	const { id } = await room('Counted');
	const page = await visit('member');
	await page.goto(`/rooms/${id}`);
	await expect(box(page)).toBeVisible();
	let release = () => {};
	const held = new Promise<void>((done) => (release = done));
	await page.route(`**/api/rooms/${id}/people?limit=200`, async (route) => {
		await held;
		await route.continue();
	});
	await box(page).fill('Tea, @room');
	await page.keyboard.press('Escape');
	await box(page).press('Enter');
	await box(page).pressSequentially(' and cake');
	release();
	await page.getByRole('dialog').getByRole('button', { name: 'Send to all' }).click();
	await sent(page, 'Tea, @room');
	await expect(box(page)).toHaveValue('and cake');
	expect(await said(page)).toEqual(['Tea, @room']);
	await page.reload();
	await expect(box(page)).toHaveValue('and cake');
});

test('a finger that rests on a message opens its menu, which stays when the finger is lifted', async ({
	visit,
	room
}) => {
	const { id } = await room('Finger');
	const page = await visit('member', { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true });
	await page.goto(`/rooms/${id}`);
	await box(page).fill('Pressed');
	await page.getByRole('button', { name: 'Send', exact: true }).tap();
	await sent(page, 'Pressed');
	const at = (await row(page, 'Pressed').boundingBox())!;
	const point = { x: at.x + 80, y: at.y + at.height - 10 };
	const cdp = await page.context().newCDPSession(page);
	await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [point] });
	await page.waitForTimeout(700);
	await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
	const menu = page.getByRole('group', { name: 'Message actions' });
	await expect(menu).toBeVisible();
	await page.waitForTimeout(500);
	await expect(menu).toBeVisible();
	await menu.getByRole('button', { name: 'Heart' }).tap();
	await expect(row(page, 'Pressed').getByRole('button', { name: 'Heart, 1 person, you too' })).toBeVisible();

	// And names who has reacted, which without a mouse nothing else shows.
	const { person } = await (await page.request.get('/api/me')).json();
	await row(page, 'Pressed').getByRole('button', { name: 'More', exact: true }).tap();
	await expect(menu.getByRole('list', { name: 'Who has reacted' })).toContainText(`Heart: ${person.name}`);
});

test('what is said of a message sent later covers neither the line above the box nor the box', async ({
	visit,
	room
}) => {
	const { id: here } = await room('Later');
	const page = await visit('member');
	await page.goto(`/rooms/${here}`);
	for (const width of [1280, 390]) {
		await page.setViewportSize({ width, height: 800 });
		await box(page).fill(`For tomorrow ${width}`);
		await page.getByRole('button', { name: 'Send later' }).click();
		await page.getByRole('button', { name: /^Tomorrow at/ }).click();
		const notice = page.getByText(/^This is sent on /);
		await expect(notice).toBeVisible();
		const line = page.getByText(/waits? to be sent\./);
		await expect(line).toBeVisible();
		const [said, above] = [(await notice.boundingBox())!, (await line.boundingBox())!];
		expect(said.y + said.height).toBeLessThan(above.y);
	}
	const { items } = await (await page.request.get('/api/scheduled')).json();
	for (const { id } of (items as { id: string; roomId: string }[]).filter((m) => m.roomId === here))
		await page.request.delete(`/api/scheduled/${id}`, { headers: { Origin: process.env.GUILDHALL_E2E_URL! } });
});
