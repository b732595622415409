// What holds for one message: whom an edit calls, what an edit that comes too late shows, cards, files, finding it again.
import { truncate, writeFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { box, headers, list, me, row } from './room.ts';
import { cohort, expect, following, press, test } from './world.ts';

// The recorder of traces fetches what a page shows, which the page's policy forbids for pictures that are not sent yet.
test.use({ trace: 'off' });

const editor = (page: Page) => page.getByRole('textbox', { name: 'Edit your message' });
const chosen = (page: Page) => page.getByRole('list', { name: 'Files to send' });

type Said = { id: string; seq: number; body: string };
/** say speaks through the API, as the person of a page. */
async function say(page: Page, room: string, body: string): Promise<Said> {
	const answer = await page.request.post(`/api/rooms/${room}/messages`, {
		data: { clientId: crypto.randomUUID(), body },
		headers: headers()
	});
	expect(answer.status(), await answer.text()).toBe(201);
	return answer.json();
}

test('an edit calls nobody anew', async ({ visit, room }) => {
	const { id, spaceId, name } = await room('Called');
	const [anna, ben] = [await visit('member'), await visit('facilitator')];
	const b = await me(ben);
	const link = ben.getByRole('complementary').getByRole('link', { name: new RegExp(name) });
	const state = async () => {
		const { unread, mentions } = await (await ben.request.get(`/api/rooms/${id}`)).json();
		return { unread, mentions };
	};
	await following(ben, id, () => ben.goto(`/spaces/${spaceId}`));
	await anna.goto(`/rooms/${id}`);
	await say(anna, id, 'The kettle is broken');
	await expect(link).toHaveAccessibleName(/1 new message/);

	await press(row(anna, 'The kettle is broken'), 'Edit');
	await editor(anna).press('End');
	await editor(anna).pressSequentially(` @${b.name}`);
	await expect(anna.getByRole('option', { name: new RegExp(b.name) })).toBeVisible();
	await anna.keyboard.press('Enter');
	await editor(anna).press('Enter');
	await expect(row(anna, 'The kettle is broken').getByRole('link', { name: `@${b.name}` })).toBeVisible();
	await expect(row(anna, 'The kettle is broken').getByRole('button', { name: 'Edited' })).toBeVisible();
	expect(await state()).toEqual({ unread: 1, mentions: 0 });
	await ben.reload();
	await expect(link).toHaveAccessibleName(/1 new message/);
	await expect(link).not.toHaveAccessibleName(/calls you/);

	// As a message of its own it does.
	await say(anna, id, `Can you mend it, [@${b.name}](/people/${b.id})?`);
	await expect(link).toHaveAccessibleName(/2 new messages.*1 calls you/s);
});

test('an edit that comes too late shows what the other device wrote, and loses nothing', async ({ visit, room }) => {
	const { id } = await room('Too late');
	const [desk, phone] = [await visit('member'), await visit('member')];
	await say(desk, id, 'Frist wording');
	for (const page of [desk, phone]) {
		await page.goto(`/rooms/${id}`);
		await press(row(page, 'Frist wording'), 'Edit');
	}
	await editor(desk).fill('Wording of the desk');
	await editor(phone).fill('Wording of the phone');
	await editor(phone).press('Enter');
	await expect(row(phone, 'Wording of the phone').getByRole('button', { name: 'Edited' })).toBeVisible();

	await editor(desk).press('Enter');
	const note = list(desk).getByRole('alert');
	await expect(note).toContainText('This message was changed in another window meanwhile.');
	await expect(note).toContainText('Wording of the phone');
	await expect(editor(desk)).toHaveValue('Wording of the desk');
	await list(desk).getByRole('button', { name: 'Save' }).click();
	for (const page of [desk, phone]) {
		await expect(row(page, 'Wording of the desk')).toBeVisible();
		await expect(editor(page)).toHaveCount(0);
	}
	// What the phone wrote is kept as a version.
	await row(phone, 'Wording of the desk').getByRole('button', { name: 'Edited' }).click();
	const versions = phone.getByRole('dialog', { name: 'How this message was written' });
	for (const words of ['Frist wording', 'Wording of the phone', 'Wording of the desk'])
		await expect(versions.getByText(words)).toBeVisible();
});

test('links to a topic, a person and a message are shown as their cards', async ({ visit, room }) => {
	const { id, name } = await room('Cards of all kinds');
	const [anna, ben] = [await visit('member'), await visit('facilitator')];
	const b = await me(ben);
	const { items: topics } = await (await anna.request.get(`/api/spaces/${await cohort(anna.request)}/topics`)).json();
	const { id: topic, title } = topics[0];
	const first = await say(ben, id, 'The dial-in is 1234');
	await anna.goto(`/rooms/${id}`);
	const there = `/rooms/${id}?at=${first.seq}#m${first.id}`;
	await box(anna).fill(
		`See [this topic](/topics/${topic}), [this person](/people/${b.id}) and [this message](${there})`
	);
	await box(anna).press('Enter');
	await anna.reload();
	const card = (kind: string) => row(anna, 'See this topic').getByRole('link', { name: new RegExp(`^${kind}\\b`) });
	await expect(card('Topic')).toContainText(title);
	await expect(card('Topic')).toHaveAttribute('href', new RegExp(`^/topics/${topic}\\b`));
	await expect(card('Person')).toContainText(b.name);
	await expect(card('Person')).toHaveAttribute('href', `/people/${b.id}`);
	await expect(card('Message')).toContainText(name);
	await expect(card('Message')).toContainText(b.name);
	await expect(card('Message')).toContainText('The dial-in is 1234');
	await card('Message').click();
	await expect(row(anna, 'The dial-in is 1234').first()).toBeFocused();
});

test('a file over the limit is refused in words, and nothing of it is sent', async ({ visit, room }, info) => {
	const { id } = await room('Too large');
	const page = await visit('member');
	const sent: string[] = [];
	page.on('request', (r) => {
		if (/\/api\/attachments\/\d+\/content/.test(r.url())) sent.push(r.url());
	});
	const path = info.outputPath('archive.pdf');
	await writeFile(path, '%PDF-1.7\n');
	await truncate(path, 25 * 1024 * 1024 + 1);
	await page.goto(`/rooms/${id}`);
	const asked = page.waitForEvent('filechooser');
	await page.getByRole('button', { name: 'Attach files' }).click();
	await (await asked).setFiles(path);
	await expect(chosen(page).getByRole('alert')).toContainText('This file is too large. At most 25 MB will do.');
	await box(page).fill('Here it is');
	await box(page).press('Enter');
	await expect(chosen(page)).toBeVisible(); // it would go without its file
	await expect(list(page).getByText('Here it is')).toHaveCount(0);
	expect(sent).toEqual([]);
	await page.getByRole('button', { name: 'Remove archive.pdf' }).click();
	await box(page).press('Enter');
	await expect(row(page, 'Here it is')).toBeVisible();
});

/** Where a camera says that it was: a GPS directory in EXIF, with 51° 28′ 38″ north. */
function place(): Buffer {
	const tiff = Buffer.alloc(26 + 30 + 24);
	tiff.write('II*\0', 0, 'latin1');
	tiff.writeUInt32LE(8, 4);
	/** An entry of a directory: its tag, its type, how many, and its value or where that stands. */
	const entry = (at: number, tag: number, type: number, count: number, value: number) => {
		tiff.writeUInt16LE(tag, at);
		tiff.writeUInt16LE(type, at + 2);
		tiff.writeUInt32LE(count, at + 4);
		tiff.writeUInt32LE(value, at + 8);
	};
	tiff.writeUInt16LE(1, 8);
	entry(10, 0x8825, 4, 1, 26); // where the GPS directory stands
	tiff.writeUInt16LE(2, 26);
	entry(28, 1, 2, 2, 'N'.charCodeAt(0)); // north
	entry(40, 2, 5, 3, 56); // degrees, minutes, seconds
	[51, 1, 28, 1, 38, 1].forEach((n, i) => tiff.writeUInt32LE(n, 56 + 4 * i));
	const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
	const head = Buffer.from([0xff, 0xe1, 0, 0]);
	head.writeUInt16BE(body.length + 2, 2);
	return Buffer.concat([head, body]);
}

test('a photograph comes back without the place where it was taken', async ({ visit, room }) => {
	const { id } = await room('Photographs');
	const [page, other] = [await visit('member'), await visit('facilitator')];
	await page.goto(`/rooms/${id}`);
	const plain = Buffer.from(
		await page.evaluate(async () => {
			const canvas = Object.assign(document.createElement('canvas'), { width: 48, height: 32 });
			canvas.getContext('2d')!.fillRect(4, 4, 20, 20);
			const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg'));
			return [...new Uint8Array(await blob!.arrayBuffer())];
		})
	);
	const exif = place();
	const photo = Buffer.concat([plain.subarray(0, 2), exif, plain.subarray(2)]);
	const asked = page.waitForEvent('filechooser');
	await page.getByRole('button', { name: 'Attach files' }).click();
	await (await asked).setFiles({ name: 'From my phone.jpg', mimeType: 'image/jpeg', buffer: photo });
	await expect(chosen(page).getByText('Ready')).toBeVisible();
	await page.getByRole('textbox', { name: 'What does From my phone.jpg show?' }).fill('The depot');
	await page.getByRole('button', { name: 'Send', exact: true }).click();

	await other.goto(`/rooms/${id}`);
	const image = list(other).getByRole('img', { name: 'The depot' });
	await expect.poll(() => image.evaluate((i: HTMLImageElement) => i.complete && i.naturalWidth)).toBeTruthy();
	const address = (await list(other)
		.getByRole('link', { name: /^The depot/ })
		.getAttribute('href'))!;
	for (const path of [address, address.replace('content', 'thumbnail')]) {
		const answer = await other.request.get(path);
		expect(answer.headers()['content-type']).toMatch(/^image\//);
		const bytes = await answer.body();
		expect(bytes.length).toBeGreaterThan(100);
		expect(bytes.includes('Exif')).toBe(false);
		expect(bytes.includes(exif.subarray(-24)), 'degrees, minutes, seconds').toBe(false);
	}
});

test('what was said is found by phrase, person, room, day and file, and opens in its place', async ({
	visit,
	room
}) => {
	const [one, other] = [await room('Stoves'), await room('Sinks')];
	const [anna, host] = [await visit('member'), await visit('facilitator')];
	const { name } = await me(host);
	const word = `numbat${Date.now() % 1e6}`;
	await say(anna, one.id, `${word}: the red kettle is on the stove`);
	await say(host, one.id, `${word}: the kettle is painted red`);
	await host.goto(`/rooms/${other.id}`);
	const asked = host.waitForEvent('filechooser');
	await host.getByRole('button', { name: 'Attach files' }).click();
	await (await asked).setFiles({ name: 'Minutes.txt', mimeType: 'text/plain', buffer: Buffer.from('Item 1: bins') });
	await expect(chosen(host).getByText('Ready')).toBeVisible();
	await box(host).fill(`${word}: what we decided`);
	await box(host).press('Enter');
	await expect(list(host).getByRole('link', { name: /Minutes\.txt/ })).toBeVisible();

	// Two days away, so that it does not matter whose midnight it is.
	const day = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10);
	const [stove, painted, decided] = [/on the stove/, /painted red/, /what we decided/];
	const found = anna.getByRole('list', { name: 'Messages found' }).getByRole('listitem');
	await anna.goto('/search/messages');
	for (const [narrowed, expected] of [
		['', [decided, painted, stove]],
		['"red kettle"', [stove]],
		[`from:"${name}"`, [decided, painted]],
		['from:me', [stove]],
		[`in:"${other.name}"`, [decided]],
		[`after:${day(-2)}`, [decided, painted, stove]],
		[`before:${day(-2)}`, []],
		[`before:${day(2)}`, [decided, painted, stove]],
		[`after:${day(2)}`, []],
		[`from:"${name}" in:"${one.name}" after:${day(-2)} before:${day(2)}`, [painted]]
	] as const) {
		await anna.getByLabel('Search what was said').fill(`${word} ${narrowed}`);
		await expect(found, narrowed).toHaveText([...expected]);
		if (expected.length === 0) await expect(anna.getByText('Nothing found')).toBeVisible();
	}
	await anna.getByLabel('Search what was said').fill(word);
	await expect(found).toHaveCount(3);
	const withFile = anna.getByRole('group', { name: 'Narrow the search' }).getByRole('button', { name: 'With a file' });
	await withFile.click();
	await expect(withFile).toHaveAttribute('aria-pressed', 'true');
	await expect(found).toHaveText([decided]);
	await expect(found).toContainText('Minutes.txt');
	await withFile.click();
	await expect(found).toHaveCount(3);

	await found.filter({ hasText: stove }).getByRole('link').click();
	await expect(anna).toHaveURL(new RegExp(`/rooms/${one.id}\\?at=1$`));
	await expect(row(anna, 'on the stove')).toBeFocused();
});
