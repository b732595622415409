import { anchor, hall, offsetOf, reword, watch } from './hall.ts';
import { list } from './room.ts';
import { expect, press, test } from './world.ts';

const line = 'New since you were last here';
const down = /Go to the newest|new messages? below/;

test('a room opens at the first new message; what is looked at for a second is read, and no more', async ({
	visit
}) => {
	const { id, reader, fill, room } = await hall(visit, 10);
	await fill(5);
	await reader.goto(`/rooms/${id}`);
	await expect.poll(async () => (await room()).unread).toBe(0);
	await reader.goto('/');
	await fill(60);

	await reader.goto(`/rooms/${id}`);
	await expect(list(reader).getByText(line)).toBeInViewport();
	await expect(reader.getByRole('button', { name: /^\d\d new messages below$/ })).toBeVisible();
	// Those on the screen are read after a second; those below are not.
	await expect.poll(async () => (await room()).unread).toBeLessThan(60);
	await reader.waitForTimeout(1500);
	const { unread } = await room();
	expect(unread).toBeGreaterThan(20);
	expect(await reader.evaluate(() => document.activeElement?.tagName)).not.toBe('ARTICLE');

	await reader.getByRole('button', { name: down }).click();
	await expect.poll(async () => (await room()).unread).toBe(0);
	await expect(list(reader).getByRole('article').last()).toBeFocused();
});

test('opening a room marks it as read, for who wants it so', async ({ visit }) => {
	const { id, reader, fill, room } = await hall(visit, 20);
	await fill(60);
	await reader.setViewportSize({ width: 1440, height: 500 });
	await reader.goto(`/rooms/${id}`);
	const choice = reader.getByRole('checkbox', { name: 'Opening a room marks it as read' });
	await expect.poll(async () => (await room()).unread).toBeLessThan(60);
	expect((await room()).unread).toBeGreaterThan(0);
	await choice.check();
	await expect.poll(async () => (await room()).unread).toBe(0);

	await reader.goto('/');
	await fill(60);
	expect((await room()).unread).toBe(60);
	await reader.goto(`/rooms/${id}`);
	await expect(choice).toBeChecked();
	await expect.poll(async () => (await room()).unread).toBe(0);
	await expect(list(reader).getByText(line)).toBeInViewport();
	await choice.uncheck();
});

test('a message is marked as unread from here on, on every device, until the room is opened again', async ({
	visit
}) => {
	const { id, reader, writer, fill, room } = await hall(visit, 30);
	const phone = await visit('load-30');
	await fill(5);
	for (const page of [reader, phone]) await page.goto(`/rooms/${id}`);
	await expect.poll(async () => (await room()).unread).toBe(0);

	const third = list(reader).getByRole('article').nth(2);
	await press(third, 'Mark as unread from here');
	await expect(reader.getByText('Marked as unread from here.')).toBeVisible();
	await expect.poll(async () => (await room()).unread).toBe(3);
	await expect(list(reader).getByText(line)).toBeVisible();
	// It is on two screens that are looked at, and one more comes: all of it stays unread.
	await writer.goto(`/rooms/${id}`);
	await writer.getByRole('textbox', { name: /^Message / }).fill('One more');
	await writer.keyboard.press('Enter');
	await expect(list(phone).getByText('One more')).toBeVisible();
	await reader.waitForTimeout(2000);
	expect((await room()).unread).toBe(4);

	await phone.close();
	await reader.reload();
	await expect(list(reader).getByText(line)).toBeVisible();
	await expect.poll(async () => (await room()).unread).toBe(0);
});

test('a link leads to its message, however far back; what is new is not read on the way', async ({ visit }) => {
	const { id, reader, fill, room } = await hall(visit, 40);
	await fill(400);
	await reader.goto(`/rooms/${id}?at=300`);
	const focused = list(reader).locator('article:focus');
	await expect(focused).toBeInViewport();
	const linked = await focused.getAttribute('id');
	await expect(reader.getByText('There are new messages further up.')).toBeVisible();
	await reader.waitForTimeout(2000);
	expect((await room()).unread).toBe(100);

	// Another link in the same room, and the first again: by the address alone, without loading the page anew.
	await reader.evaluate((href) => {
		const link = Object.assign(document.createElement('a'), { href, textContent: 'link', id: 'test-link' });
		document.querySelector('main')!.prepend(link);
	}, `/rooms/${id}?at=20`);
	await reader.locator('#test-link').click();
	await expect(focused).not.toHaveAttribute('id', linked!);
	await expect(focused).toBeInViewport();
	await reader.goBack();
	await expect(focused).toHaveAttribute('id', linked!);

	await reader.getByRole('button', { name: 'Go to the first' }).click();
	await expect(
		list(reader).getByText('This is the beginning').or(list(reader).getByText(line)).first()
	).toBeInViewport();
	await reader.goto(`/rooms/${id}?at=300`);
	await reader.getByRole('button', { name: 'Mark all as read' }).click();
	await expect.poll(async () => (await room()).unread).toBe(0);
});

test('one goes to a day, and to the first message after it where nothing was said', async ({ visit }) => {
	const page = await visit('member', { viewport: { width: 1440, height: 900 } });
	const { items: rooms } = await (await page.request.get('/api/rooms')).json();
	let at: { id: string; first: { id: string; createdAt: string } } | undefined;
	for (const { id } of rooms) {
		const { items } = await (await page.request.get(`/api/rooms/${id}/messages?after=0&limit=200`)).json();
		const days = new Set(items.map((m: { createdAt: string }) => m.createdAt.slice(0, 10)));
		if (days.size > 2) at = { id, first: items[0] };
		if (at) break;
	}
	const day = at!.first.createdAt.slice(0, 10);
	await page.goto(`/rooms/${at!.id}`);
	await page.getByLabel('Go to a day').fill(day);
	await page.getByRole('button', { name: 'Go', exact: true }).click();
	await expect(page).toHaveURL(new RegExp(`on=${day}`));
	await expect(page.locator(`#row-${at!.first.id}`)).toBeFocused();
	await page.getByLabel('Go to a day').fill('2001-01-01');
	await page.getByLabel('Go to a day').press('Enter');
	await expect(page).toHaveURL(/on=2001-01-01/);
	await expect(page.locator(`#row-${at!.first.id}`)).toBeFocused();
});

test('nothing moves the reader: older pages, new messages, edits above, a phone’s keyboard', async ({
	visit
}, info) => {
	const { id, reader, writer, fill } = await hall(visit, 50);
	await fill(300);
	await reader.goto(`/rooms/${id}?at=200`);
	await expect(list(reader).locator('article:focus')).toBeInViewport();
	const moved: Record<string, number> = {};

	// Older messages arrive above, slowly, and new ones below while those are on their way.
	await reader.route(/messages\?.*before=/, async (route) => {
		await new Promise((r) => setTimeout(r, 1500));
		await route.continue();
	});
	await list(reader).hover();
	const asked = reader.waitForRequest(/messages\?.*before=/);
	const came = reader.waitForResponse(/messages\?.*before=/);
	let seen = false;
	void asked.then(() => (seen = true));
	for (let i = 0; i < 40 && !seen; i++) {
		await reader.mouse.wheel(0, -300);
		await reader.waitForTimeout(50);
	}
	await asked;
	await reader.waitForTimeout(300);
	const { id: first } = await anchor(reader);
	let end = await watch(reader, first);
	await fill(5);
	await came;
	await reader.waitForTimeout(500);
	moved['older page and new messages'] = await end();

	// What stands just above the screen grows by an edit.
	const above = await list(reader).evaluate((el) => {
		const top = el.getBoundingClientRect().top;
		return [...el.querySelectorAll('article')].findLast((a) => a.getBoundingClientRect().bottom <= top)!.id;
	});
	const here = (await anchor(reader)).id;
	end = await watch(reader, here);
	await reword(writer, above.slice('row-'.length), 'Much longer now. '.repeat(120));
	await expect(reader.locator(`#${above}`)).toContainText('Much longer now.');
	await reader.waitForTimeout(500);
	moved['edit above'] = await end();

	end = await watch(reader, here);
	await reader.setViewportSize({ width: 1280, height: 480 });
	await reader.waitForTimeout(500);
	moved['keyboard'] = await end();

	info.annotations.push({ type: 'moved, in pixels', description: JSON.stringify(moved) });
	console.log('moved, in pixels:', JSON.stringify(moved));
	for (const [what, by] of Object.entries(moved)) expect(by, what).toBeLessThanOrEqual(1);

	// Who is at the end stays at the end.
	await reader.getByRole('button', { name: down }).click();
	await expect(list(reader).getByRole('article').last()).toBeInViewport();
	await reader.setViewportSize({ width: 1280, height: 800 });
	await fill(3);
	await expect
		.poll(() => list(reader).evaluate((el) => el.scrollHeight - el.scrollTop - el.clientHeight))
		.toBeLessThan(2);
});

test('one comes back to where one was', async ({ visit }) => {
	const { id, reader, fill, room } = await hall(visit, 60);
	await fill(200);
	await reader.goto(`/rooms/${id}`);
	await reader.getByRole('button', { name: down }).click();
	await expect.poll(async () => (await room()).unread).toBe(0);
	await list(reader).hover();
	await reader.mouse.wheel(0, -3000);
	await reader.waitForTimeout(500);
	const was = await anchor(reader);
	await reader.getByRole('link', { name: 'Stories' }).first().click();
	await expect(reader.getByRole('heading', { level: 1, name: /stories/i })).toBeVisible();
	await reader.goBack();
	await expect(reader.locator(`#${was.id}`)).toBeInViewport();
	await expect.poll(async () => Math.abs((await offsetOf(reader, was.id))! - was.offset)).toBeLessThanOrEqual(1);
});

test('ten thousand messages scroll from the newest to the first without a jump', async ({ visit }, info) => {
	test.setTimeout(480_000);
	const { id, reader, fill } = await hall(visit, 70);
	await fill(10_000);
	await reader.goto(`/rooms/${id}`);
	await reader.getByRole('button', { name: down }).click();
	await expect(list(reader).getByRole('article').last()).toBeFocused();

	await reader.waitForTimeout(500); // has come to rest
	const result = await list(reader).evaluate(async (el) => {
		const frame = () => new Promise((r) => requestAnimationFrame(r));
		const top = () => {
			const edge = el.getBoundingClientRect().top;
			const first = [...el.querySelectorAll('article')].find((a) => a.getBoundingClientRect().bottom > edge);
			return Number(first?.id.slice('row-'.length) ?? NaN);
		};
		const frames: number[] = [];
		let [articles, back, furthest, last, then] = [0, 0, 0, Infinity, performance.now()];
		const begun = then;
		while (!el.textContent.includes('This is the beginning') || el.scrollTop > 0) {
			if (performance.now() - begun > 200_000) break;
			el.scrollTop -= 1000;
			await frame();
			const now = performance.now();
			frames.push(now - then);
			then = now;
			articles = Math.max(articles, el.querySelectorAll('article').length);
			const at = top();
			if (at > last) back++;
			if (!Number.isNaN(at)) [furthest, last] = [Math.max(furthest, at - last), at];
		}
		frames.sort((a, b) => a - b);
		const share = (p: number) => Math.round(frames[Math.floor(frames.length * p)]!);
		return {
			articles,
			back,
			furthest,
			last,
			seconds: (then - begun) / 1000,
			frames: frames.length,
			p50: share(0.5),
			p95: share(0.95),
			p99: share(0.99)
		};
	});
	info.annotations.push({ type: 'ten thousand', description: JSON.stringify(result) });
	console.log('ten thousand messages:', JSON.stringify(result));
	await expect(list(reader).getByText('This is the beginning')).toBeInViewport();
	expect(result.articles, 'messages in the page at once').toBeLessThan(60);
	// Where a page comes in the very frame of a step, a machine that is busy may show one row again, and no more than two.
	expect(result.furthest, 'rows that a step up led down').toBeLessThanOrEqual(2);
});
