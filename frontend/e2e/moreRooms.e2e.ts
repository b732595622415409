// What holds for a whole room or conversation: what it is for, what one hears of it, who comes in, whom it calls.
import { request, type Locator, type Page } from '@playwright/test';
import { hall } from './hall.ts';
import { box, headers, list, me, row, type Person } from './room.ts';
import { expect, following, press, test } from './world.ts';

/** call asks the API as the person of a page. */
async function call<A = { id: string }>(page: Page, method: 'post' | 'patch' | 'delete', path: string, data?: object) {
	const answer = await page.request[method](`/api/${path}`, { data, headers: headers() });
	expect(answer.ok(), await answer.text()).toBe(true);
	return (answer.status() === 204 ? undefined : await answer.json()) as A;
}
const group = (page: Page, people: string[], name: string) =>
	call(page, 'post', 'conversations', { clientId: crypto.randomUUID(), people, name });
const say = (page: Page, room: string, body: string) =>
	call(page, 'post', `rooms/${room}/messages`, { clientId: crypto.randomUUID(), body });

/** person is somebody of the load hall who needs no browser. */
async function person(number: number): Promise<Person> {
	const api = await request.newContext({ baseURL: process.env.GUILDHALL_E2E_URL!, extraHTTPHeaders: headers() });
	await api.post('/api/demo/sign-in', { data: { as: `load-${number}` } });
	const { person } = await (await api.get('/api/me')).json();
	await api.dispose();
	return person;
}

/** menu opens the menu of a message, and gives it. */
async function menu(message: Locator) {
	await press(message, /^More$/);
	const opened = message.page().getByRole('group', { name: 'Message actions' });
	await expect(opened).toBeVisible();
	return opened;
}

/** The network, which has more than fifty people, by its facilitator. */
async function network(host: Page): Promise<string> {
	const { items } = await (await host.request.get('/api/spaces')).json();
	return items.find(({ kind }: { kind: string }) => kind === 'network').id;
}
async function close(host: Page, id: string) {
	const { name, topic, retentionDays, version } = await (await host.request.get(`/api/rooms/${id}`)).json();
	await call(host, 'patch', `rooms/${id}`, { name, topic, retentionDays, version, archived: true });
}

test('what a room is for is written by its facilitator, and read by all without a reload', async ({ visit, room }) => {
	const { id } = await room('Purpose');
	const [anna, host] = [await visit('member'), await visit('facilitator')];
	await following(anna, id, () => anna.goto(`/rooms/${id}`));
	await host.goto(`/rooms/${id}`);
	await expect(anna.getByText('Nobody has said yet what this room is for.')).toBeVisible();
	await expect(anna.getByRole('button', { name: 'Change name and purpose' })).toHaveCount(0);
	for (const words of ['Kettles and how to mend them', 'Kettles, toasters, and patience']) {
		await host.getByRole('button', { name: 'Change name and purpose' }).click();
		await host.getByRole('dialog').getByLabel('What it is for').fill(words);
		await host.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
		for (const page of [anna, host]) await expect(page.getByTitle(words)).toBeVisible();
	}
});

test('what one hears of a room is chosen in it, and holds on every device', async ({ visit, room }) => {
	const { id, spaceId, name } = await room('Heard of');
	const [anna, phone, host] = [await visit('member'), await visit('member'), await visit('facilitator')];
	const a = await me(anna);
	const link = (page: Page) => page.getByRole('complementary').getByRole('link', { name: new RegExp(name) });
	const level = (page: Page, name: string) =>
		page.getByRole('radiogroup', { name: 'What you hear of it' }).getByRole('radio', { name: new RegExp(`^${name}`) });
	const state = async () => {
		const { unread, mentions, notify } = await (await anna.request.get(`/api/rooms/${id}`)).json();
		return { unread, mentions, notify };
	};
	await following(phone, id, () => phone.goto(`/spaces/${spaceId}`));
	await say(host, id, 'One');
	await expect(link(phone)).toHaveAccessibleName(/1 new message/);

	// Nothing is nothing, not even a call; it is counted all the same, for whoever looks in later.
	await anna.goto(`/rooms/${id}`);
	await expect(level(anna, 'Every message')).toBeChecked();
	await level(anna, 'Nothing').check();
	await expect.poll(state).toEqual({ unread: 0, mentions: 0, notify: 'nothing' });
	await anna.goto(`/spaces/${spaceId}`);
	await say(host, id, `For [@${a.name}](/people/${a.id})`);
	await expect.poll(state).toEqual({ unread: 1, mentions: 1, notify: 'nothing' });
	await phone.reload();
	for (const page of [anna, phone]) {
		await expect(link(page)).toBeVisible();
		await expect(link(page)).not.toHaveAccessibleName(/new message|calls you/);
	}

	// Kept, and changed again on the other device.
	await phone.goto(`/rooms/${id}`);
	await expect(level(phone, 'Nothing')).toBeChecked();
	await level(phone, 'Mentions only').check();
	await expect.poll(state).toEqual({ unread: 0, mentions: 0, notify: 'mentions' });
	await phone.goto('/stories');
	await anna.reload();
	await expect(link(anna)).toBeVisible();
	await say(host, id, 'For nobody in particular');
	await say(host, id, `Again for [@${a.name}](/people/${a.id})`);
	await expect(link(anna)).toHaveAccessibleName(/1 calls you/);
	await expect(link(anna)).not.toHaveAccessibleName(/2 new messages/);
});

/** Adds somebody to a conversation, with what they see of what was said before. */
async function add(page: Page, name: string, history: 'Nothing: they see' | 'Everything that you see') {
	await page.getByRole('button', { name: 'Add people' }).click();
	const dialog = page.getByRole('dialog', { name: 'Add people' });
	await dialog.getByRole('combobox', { name: 'People' }).fill(name);
	await dialog.getByRole('option', { name: new RegExp(name) }).click();
	await dialog.getByRole('radio', { name: history }).check();
	await dialog.getByRole('button', { name: 'Add', exact: true }).click();
	await expect(dialog).toBeHidden();
}

test('twelve are in a conversation, and a thirteenth is refused in words', async ({ visit }) => {
	const [anna, ben] = [await visit('load-150'), await visit('load-151')];
	const others = await Promise.all(Array.from({ length: 11 }, (_, i) => person(152 + i)));
	const people = [await me(ben), ...others.slice(0, 9)].map((p) => p.id);
	const { id } = await group(anna, people, 'A full table');
	await anna.goto(`/rooms/${id}`);
	await ben.goto(`/rooms/${id}`);
	await add(anna, others[9]!.name, 'Nothing: they see');
	await expect(row(ben, `added ${others[9]!.name}`)).toBeVisible();

	for (const page of [anna, ben]) {
		await page.getByRole('button', { name: 'Add people' }).click();
		const dialog = page.getByRole('dialog', { name: 'Add people' });
		await expect(dialog.getByText('Twelve people are here already')).toBeVisible();
		await expect(dialog.getByRole('combobox')).toHaveCount(0);
		await page.keyboard.press('Escape');
	}
	// Nor does the server let in whom a page that is behind would add.
	const answer = await ben.request.post(`/api/rooms/${id}/people`, {
		data: { people: [others[10]!.id], history: 'new' },
		headers: headers()
	});
	expect(answer.status()).toBe(422);
	const { items } = await (await anna.request.get(`/api/rooms/${id}/people`)).json();
	expect(items).toHaveLength(12);
});

test('who is added sees all that was said, or only what is new, and everybody is told which', async ({ visit }) => {
	const [anna, ben] = [await visit('load-165'), await visit('load-166')];
	const [all, fresh] = [await visit('load-167'), await visit('load-168')];
	const [a, b, c, d] = [await me(anna), await me(ben), await me(all), await me(fresh)];
	const { id } = await group(anna, [b.id, (await person(169)).id], 'Old and new');
	await say(anna, id, 'Before they came');
	for (const page of [anna, ben]) await page.goto(`/rooms/${id}`);
	await expect(row(ben, 'Before they came')).toBeVisible();
	await add(anna, c.name, 'Everything that you see');
	await add(anna, d.name, 'Nothing: they see');
	const told = [
		`${a.name} added ${c.name}, with everything that ${a.name} sees of what was said before.`,
		`${a.name} added ${d.name}, with what is said from now on.`
	];
	for (const words of told) await expect(list(ben).getByText(words)).toBeVisible();

	for (const page of [all, fresh]) await page.goto(`/rooms/${id}`);
	await say(ben, id, 'Welcome, both');
	for (const page of [all, fresh]) await expect(row(page, 'Welcome, both')).toBeVisible();
	await expect(row(all, 'Before they came')).toBeVisible();
	await expect(list(all).getByText(told[0]!)).toBeVisible();
	await expect(list(fresh).getByText('You see what was said since you were added.')).toBeVisible();
	await expect(row(fresh, 'Before they came')).toHaveCount(0);
});

test('in a room of more than fifty a member does not call everybody, a facilitator may', async ({ visit }) => {
	const [host, anna] = [await visit('rhodri-maddox'), await visit('member')];
	const { id } = await call(host, 'post', `spaces/${await network(host)}/rooms`, {
		name: `All of us ${Date.now() % 1e6}`
	});
	let said: string | undefined;
	try {
		for (const page of [anna, host]) {
			await page.goto(`/rooms/${id}`);
			await box(page).fill('Cake in the kitchen, @room');
			await page.keyboard.press('Escape');
			await box(page).press('Enter');
			const dialog = page.getByRole('dialog');
			await expect(dialog.getByText(/^@room calls everybody here: [5-9]\d people\.$/)).toBeVisible();
			await dialog.getByRole('button', { name: 'Send to all' }).click();
			if (page === host) continue;
			const refused = list(page).getByRole('alert');
			await expect(refused).toContainText('Not sent.');
			await expect(refused).toContainText('only facilitators and moderators can call everybody');
			await list(page).getByRole('button', { name: 'Discard' }).click();
			await expect(row(page, 'Cake')).toHaveCount(0);
		}
		// The one that stands there is the facilitator's, and it calls her.
		await expect(row(anna, 'Cake')).toHaveCount(1);
		await expect(row(anna, 'Cake')).toContainText('Rhodri Maddox');
		const { items } = await (await host.request.get(`/api/rooms/${id}/messages?after=0`)).json();
		said = items[0].id;
		expect(items).toHaveLength(1);
	} finally {
		if (said) await call(host, 'delete', `messages/${said}`);
		await close(host, id);
	}
});

test('a message goes nowhere where somebody could not see it, and it is said how many', async ({ visit }) => {
	const { id, reader, writer } = await hall(visit, 130);
	const third = await person(132);
	const name = `Three of us ${Date.now() % 1e6}`;
	const three = await group(reader, [(await me(writer)).id, third.id], name);
	await say(reader, id, 'Between us two');
	await reader.goto(`/rooms/${id}`);
	const forward = (await menu(row(reader, 'Between us two').last())).getByRole('button', { name: 'Forward' });
	await forward.click();
	const dialog = reader.getByRole('dialog', { name: 'Forward this message' });
	await dialog.getByLabel('Find a room').fill(name);
	await dialog.getByRole('radio').check();
	await dialog.getByRole('button', { name: 'Forward', exact: true }).click();
	await expect(dialog.getByRole('alert')).toHaveText('1 person there could not see this message.');
	await dialog.getByRole('button', { name: 'Cancel' }).click();
	const { items } = await (await reader.request.get(`/api/rooms/${three.id}/messages?after=0`)).json();
	expect(items).toEqual([]);
});

test('who has read a message is offered where facilitators switched it on, and never in a large room', async ({
	visit
}) => {
	const [host, anna] = [await visit('rhodri-maddox'), await visit('member')];
	const space = await network(host);
	const made = Date.now() % 1e6;
	const people = [(await me(anna)).id];
	const small = await call(host, 'post', `spaces/${space}/rooms`, { name: `Small ${made}`, private: true, people });
	const large = await call(host, 'post', `spaces/${space}/rooms`, { name: `Large ${made}` });
	/** Whether the menu of Anna's message has it. */
	const offers = async (id: string, times: number) => {
		await anna.goto(`/rooms/${id}`);
		const opened = await menu(row(anna, 'Please read'));
		await expect(opened.getByRole('button', { name: 'Copy link' })).toBeVisible();
		await expect(opened.getByRole('button', { name: 'Who has read this' })).toHaveCount(times);
		await anna.keyboard.press('Escape');
		await expect(anna.getByText('Everybody here can see who has read a message.')).toHaveCount(times);
	};
	try {
		for (const { id } of [small, large]) await say(anna, id, 'Please read');
		await offers(small.id, 0);
		await host.goto(`/spaces/${space}`);
		await host.getByLabel('Show who has read a message').check();
		await expect(host.getByText('It is now shown who has read a message')).toBeVisible();
		await offers(small.id, 1);
		await offers(large.id, 0);
	} finally {
		await host.goto(`/spaces/${space}`);
		await host.getByLabel('Show who has read a message').uncheck();
		await expect(host.getByLabel('Show who has read a message')).not.toBeChecked();
		for (const { id } of [small, large]) await close(host, id);
	}
});

test('before messages are given an end, it is said how many would go; nothing goes by looking', async ({ visit }) => {
	const host = await visit('facilitator');
	const { items: rooms } = await (await host.request.get('/api/rooms')).json();
	const end = Date.now() - 30 * 86_400_000;
	let at: { id: string; old: number } | undefined;
	for (const { id, can, archived } of rooms) {
		if (archived || !can.includes('set-retention')) continue;
		const { items } = await (await host.request.get(`/api/rooms/${id}/messages?after=0&limit=200`)).json();
		const old = items.filter((m: { createdAt: string }) => Date.parse(m.createdAt) < end).length;
		if (old > (at?.old ?? 0)) at = { id, old };
	}
	expect(at, 'a room with messages of more than a month ago').toBeDefined();
	await host.goto(`/rooms/${at!.id}`);
	await host.getByRole('button', { name: 'Choose how long messages are kept' }).click();
	const dialog = host.getByRole('dialog');
	await dialog.getByLabel('30 days').check();
	await expect(dialog.getByText(new RegExp(`^${at!.old} messages? would be deleted today`))).toBeVisible();
	await expect(dialog.getByText(/^The oldest is of \d+ \S+ \d{4}\.$/)).toBeVisible();
	await dialog.getByRole('button', { name: 'Cancel' }).click();
	await expect(host.getByText('Messages here are kept.')).toBeVisible();
	const { retentionDays } = await (await host.request.get(`/api/rooms/${at!.id}`)).json();
	expect(retentionDays ?? null).toBeNull();
});
