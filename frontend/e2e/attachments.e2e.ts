import { randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { box, list } from './room.ts';
import { expect, press, test } from './world.ts';

// The recorder of traces fetches what a page shows, which the page's policy forbids for pictures that are not sent yet.
test.use({ trace: 'off' });

const chosen = (page: Page) => page.getByRole('list', { name: 'Files to send' });
const attach = (page: Page) => page.getByRole('button', { name: 'Attach files' });

/** A plain picture, or one of noise that nothing makes smaller. */
function picture(width: number, height: number, noise = false): Buffer {
	const chunk = (kind: string, data: Buffer) => {
		const body = Buffer.concat([Buffer.from(kind), data]);
		const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
		length.writeUInt32BE(data.length);
		sum.writeUInt32BE(crc32(body));
		return Buffer.concat([length, body, sum]);
	};
	const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]); // eight bits each of red, green and blue
	head.writeUInt32BE(width, 0);
	head.writeUInt32BE(height, 4);
	const lines = noise ? randomBytes(height * (1 + 3 * width)) : Buffer.alloc(height * (1 + 3 * width), 0x66);
	for (let y = 0; y < height; y++) lines[y * (1 + 3 * width)] = 0;
	const start = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
	return Buffer.concat([start, chunk('IHDR', head), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))]);
}

async function choose(page: Page, ...files: { name: string; mimeType: string; buffer: Buffer }[]) {
	const asked = page.waitForEvent('filechooser');
	await attach(page).click();
	await (await asked).setFiles(files);
}

/** Gives files to the box as the browser does when they are pasted or dropped. */
const give = (target: Locator, how: 'paste' | 'drop', name: string, bytes: Buffer) =>
	target.evaluate(
		(element, { how, name, bytes }) => {
			const data = new DataTransfer();
			data.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/png' }));
			const all = { bubbles: true, cancelable: true };
			element.dispatchEvent(
				how === 'paste'
					? new ClipboardEvent('paste', { ...all, clipboardData: data })
					: new DragEvent('drop', { ...all, dataTransfer: data })
			);
		},
		{ how, name, bytes: [...bytes] }
	);

const loaded = (image: Locator, timeout = 10_000) =>
	expect.poll(() => image.evaluate((i: HTMLImageElement) => i.complete && i.naturalWidth > 0), { timeout }).toBe(true);

test('files go by button, paste and drop; another sees them, an outsider does not', async ({ visit, room }) => {
	test.slow(); // two browsers and five files
	const { id } = await room('Files');
	const [page, other] = [await visit('member'), await visit('facilitator')];
	await page.goto(`/rooms/${id}`);
	await other.goto(`/rooms/${id}`);
	await expect(box(other)).toBeVisible();

	await choose(
		page,
		{ name: 'Town hall.png', mimeType: 'image/png', buffer: picture(900, 600) },
		{ name: 'Minutes.txt', mimeType: 'text/plain', buffer: Buffer.from('Item 1: bins') }
	);
	await expect(chosen(page).getByText('Ready')).toHaveCount(2);
	await give(box(page), 'paste', 'pasted.png', picture(40, 30));
	await give(box(page), 'drop', 'dropped.png', picture(30, 40));
	await expect(chosen(page).getByRole('listitem')).toHaveCount(4);
	await expect(chosen(page).getByText('Ready')).toHaveCount(4);
	expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
	await page.getByRole('button', { name: 'Remove dropped.png' }).click();
	await expect(chosen(page).getByRole('listitem')).toHaveCount(3);
	await expect(page.getByRole('button', { name: 'Remove pasted.png' })).toBeFocused();

	// Words for a picture are asked for once.
	await box(page).fill('Three files');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	const alt = page.getByRole('textbox', { name: 'What does Town hall.png show?' });
	await expect(alt).toBeFocused();
	await expect(page.getByRole('status').filter({ hasText: 'for those who do not see it' })).toBeVisible();
	await alt.fill('The town hall in the morning');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(chosen(page)).toHaveCount(0);

	for (const reader of [page, other]) {
		const image = list(reader).getByRole('img', { name: 'The town hall in the morning' });
		await expect(image).toHaveAttribute('width', '360');
		await expect(image).toHaveAttribute('height', '240');
		await loaded(image);
		await expect(list(reader).getByRole('link', { name: /Minutes\.txt/ })).toContainText('TXT, 1 kB');
		await expect(list(reader).getByRole('img', { name: 'Picture without a description: pasted.png' })).toBeVisible();
	}
	expect((await new AxeBuilder({ page: other }).analyze()).violations).toEqual([]);

	const saved = other.waitForEvent('download');
	await list(other)
		.getByRole('link', { name: /Minutes\.txt/ })
		.click();
	expect((await saved).suggestedFilename()).toBe('Minutes.txt');

	const address = (await list(other)
		.getByRole('link', { name: /The town hall/ })
		.getAttribute('href'))!;
	const outsider = await visit('outsider');
	for (const [who, status] of [
		[other, 200],
		[outsider, 404]
	] as const) {
		for (const path of [address, address.replace('content', 'thumbnail')])
			expect((await who.context().request.get(path)).status()).toBe(status);
	}
	// Deleted with its message.
	await press(list(page).getByRole('article').last(), 'Delete');
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await expect(list(other).getByRole('img', { name: 'The town hall in the morning' })).toHaveCount(0);
	expect((await other.context().request.get(address)).status()).toBe(404);
});

test('what may not be sent says so, and can be taken away', async ({ visit, room }) => {
	const { id } = await room('Refused');
	const page = await visit('member');
	await page.goto(`/rooms/${id}`);
	await choose(page, { name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from('<svg onload=alert(1)>') });
	await expect(chosen(page).getByRole('alert')).toHaveText(/kind of file is not taken/);
	await box(page).fill('Words');
	await box(page).press('Enter');
	await expect(chosen(page)).toBeVisible(); // it would go without its file
	await page.getByRole('button', { name: 'Remove photo.png' }).click();
	await expect(box(page)).toBeFocused();
	await box(page).press('Enter');
	await expect(list(page).getByText('Words')).toBeVisible();

	const many = Array.from({ length: 12 }, (_, i) => ({
		name: `${i}.txt`,
		mimeType: 'text/plain',
		buffer: Buffer.from('x')
	}));
	await choose(page, ...many);
	await expect(chosen(page).getByRole('listitem')).toHaveCount(10);
	await expect(page.getByText('A message has at most 10 files.')).toBeVisible();
});

test('an upload goes on where it was, and the message goes when its files are there', async ({ visit, room }) => {
	test.slow(); // it waits longer and longer before it tries again
	const { id } = await room('Broken network');
	const [page, other] = [await visit('member'), await visit('facilitator')];
	await page.goto(`/rooms/${id}`);
	await other.goto(`/rooms/${id}`);
	const bytes = picture(900, 900, true); // some 2.4 MB
	expect(bytes.length).toBeGreaterThan(2_000_000);

	// The third part is lost with the network, and so is all that follows.
	const offsets: number[] = [];
	let down = false;
	await page.route('**/api/attachments/*/content?offset=*', async (route) => {
		offsets.push(Number(new URL(route.request().url()).searchParams.get('offset')));
		if (offsets.length === 3) down = true;
		return down ? route.abort('internetdisconnected') : route.continue();
	});
	await choose(page, { name: 'large.png', mimeType: 'image/png', buffer: bytes });
	await expect.poll(() => offsets.length).toBeGreaterThanOrEqual(3);
	await page.getByRole('textbox', { name: 'What does large.png show?' }).fill('Noise');
	await box(page).fill('It comes');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(list(page).getByText(/large\.png: \d+%/)).toBeVisible();
	await expect(list(other).getByText('It comes')).toHaveCount(0);
	down = false;
	await loaded(list(other).getByRole('img', { name: 'Noise' }), 60_000);
	const lost = offsets.indexOf(offsets[2]!);
	expect(
		offsets.slice(lost + 1).every((at) => at >= offsets[2]!),
		'nothing that had arrived was sent again'
	).toBe(true);
	await expect(list(other).getByText('It comes')).toHaveCount(1);
});

test('a closed page loses no file', async ({ visit, room }) => {
	const { id } = await room('Closed');
	const page = await visit('member');
	await page.goto(`/rooms/${id}`);
	await page.route('**/api/attachments/*/content?offset=*', (route) => route.abort('internetdisconnected'));
	await choose(page, { name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('The plan') });
	await box(page).fill('With a plan');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(list(page).getByText(/plan\.txt: 0%/)).toBeVisible();
	await page.unroute('**/api/attachments/*/content?offset=*');
	await page.reload();
	await expect(list(page).getByRole('link', { name: /plan\.txt/ })).toBeVisible();
	await expect(list(page).getByText('With a plan')).toHaveCount(1);
});

test('fits a small screen', async ({ visit, room }) => {
	const { id } = await room('Small');
	const page = await visit('member', { viewport: { width: 320, height: 640 } });
	await page.goto(`/rooms/${id}`);
	await choose(page, {
		name: 'A very long name of a picture that shows the whole of the town hall.png',
		mimeType: 'image/png',
		buffer: picture(1600, 400)
	});
	await expect(chosen(page).getByText('Ready')).toBeVisible();
	const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
	expect(await wide()).toBeLessThanOrEqual(320);
	await page.getByRole('textbox', { name: /^What does/ }).fill('The hall');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	const image = list(page).getByRole('img', { name: 'The hall' });
	await loaded(image);
	const { width, height } = (await image.boundingBox())!;
	expect(width).toBeLessThan(320);
	expect(Math.abs(width / height - 4)).toBeLessThan(0.1);
	expect(await wide()).toBeLessThanOrEqual(320);
	expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});
