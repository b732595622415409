import type { Page } from '@playwright/test';
import { headers, me } from './room.ts';
import { expect, following, test } from './world.ts';

type Told = { title: string; body: string; shown: Notification };
declare global {
	interface Window {
		told: Told[];
		away: boolean;
	}
}

/** record keeps the browser's own notices as they are made, for a test cannot see the desktop; and lets a tab be hidden. */
const record = (page: Page) =>
	page.addInitScript(() => {
		window.told = [];
		window.Notification = class extends Notification {
			constructor(title: string, options?: NotificationOptions) {
				super(title, options);
				window.told.push({ title, body: options?.body ?? '', shown: this });
			}
		};
		window.away = false;
		Object.defineProperty(document, 'hidden', { get: () => window.away });
	});
const look = (page: Page, away: boolean) =>
	page.evaluate((away) => {
		window.away = away;
		document.dispatchEvent(new Event('visibilitychange'));
	}, away);
const told = (page: Page) => page.evaluate(() => window.told.map(({ title, body }) => ({ title, body })));
const say = async (page: Page, room: string, body: string) =>
	expect(
		(
			await page.request.post(`/api/rooms/${room}/messages`, {
				data: { clientId: crypto.randomUUID(), body },
				headers: headers()
			})
		).ok()
	).toBe(true);

test('a tab that is not looked at tells who wrote, and opens the message', async ({ visit }) => {
	const [anna, ben] = [await visit('load-27', { permissions: ['notifications'] }), await visit('load-28')];
	const [a, b] = [await me(anna), await me(ben)];
	await record(anna);
	await anna.goto('/profile/chat');
	await anna.getByRole('button', { name: 'Show notices on this device' }).click();
	await expect(anna.getByText('Notices are on.')).toBeVisible();
	expect(await told(anna)).toEqual([{ title: 'Notices from Guildhall look like this', body: '' }]);

	const started = await ben.request.post('/api/conversations', { data: { people: [a.id] }, headers: headers() });
	const { id } = await started.json();
	await anna.goto('/people');
	await anna.waitForLoadState('networkidle');

	// What is looked at needs no notice; a conversation begun with the reader while they are away does.
	await look(anna, true);
	await say(ben, id, 'The first thing, which is nobody else’s');
	await expect.poll(() => told(anna)).toEqual([{ title: `New message from ${b.name}`, body: '' }]);
	await say(ben, id, 'The second thing');
	await expect.poll(() => told(anna)).toHaveLength(2);
	expect(JSON.stringify(await told(anna))).not.toContain('thing');

	await anna.evaluate(() => window.told.at(-1)!.shown.dispatchEvent(new Event('click')));
	await expect(anna).toHaveURL(new RegExp(`/rooms/${id}(\\?at=2)?$`));
	await look(anna, false);
	await expect(anna.getByRole('region', { name: /^Messages in/ }).getByText('The second thing')).toBeVisible();

	// Looked at, or muted: silent.
	await say(ben, id, 'Seen as it comes');
	await expect(anna.getByRole('region', { name: /^Messages in/ }).getByText('Seen as it comes')).toBeVisible();
	await anna.getByRole('checkbox', { name: 'Mute' }).check();
	await expect(anna.getByRole('complementary').getByRole('link', { name: /muted/ })).toBeVisible();
	await look(anna, true);
	await say(ben, id, 'Not for the muted');
	await expect(anna.getByRole('region', { name: /^Messages in/ }).getByText('Not for the muted')).toBeVisible();
	expect(await told(anna)).toHaveLength(2);
});

test('a room says what was written; where only mentions count, nothing else is told', async ({ visit, room }) => {
	const { id, name } = await room('Told of');
	const [anna, ben] = [await visit('member', { permissions: ['notifications'] }), await visit('facilitator')];
	const [a, b] = [await me(anna), await me(ben)];
	await record(anna);
	await following(anna, id, () => anna.goto('/profile/chat'));
	await anna.getByRole('button', { name: 'Show notices on this device' }).click();
	await expect(anna.getByText('Notices are on.')).toBeVisible();
	await look(anna, true);
	const here = async () => (await told(anna)).filter((n) => n.title.includes(name));
	await say(ben, id, 'Bring **the** map');
	await expect.poll(here).toEqual([{ title: `${b.name} in ${name}`, body: 'Bring the map' }]);

	const set = { notify: 'mentions', muted: false, hidden: false };
	expect((await anna.request.put(`/api/rooms/${id}/settings`, { data: set, headers: headers() })).ok()).toBe(true);
	await following(anna, id, () => anna.goto('/profile/chat'));
	await expect(anna.getByText('Notices are on.')).toBeVisible();
	await expect(anna.getByRole('banner').getByRole('link', { name: /new messages/ })).toBeVisible();
	await look(anna, true);
	await say(ben, id, 'Not for her');
	await say(ben, id, `For [@${a.name}](/people/${a.id})`);
	await expect.poll(here).toEqual([{ title: `${b.name} in ${name}`, body: `For @${a.name}` }]);
});
