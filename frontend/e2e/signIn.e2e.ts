import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from './world.ts';

/** The code in the newest mail to an address, once it has come. */
async function codeFor(address: string): Promise<string> {
	const folder = join(process.env.GUILDHALL_E2E_DATA!, 'mail');
	let code = '';
	await expect(async () => {
		const names = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
		const mails = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
		const mine = mails.filter((mail) => mail.includes(address)).at(-1) ?? '';
		code = /^\s*([A-Z0-9]{4}) ([A-Z0-9]{4})\s*$/m.exec(mine)?.slice(1).join(' ') ?? '';
		expect(code).not.toBe('');
	}).toPass({ timeout: 15_000 });
	return code;
}

test('sign in with the code from the email, and come to where one wanted to go', async ({ visit }) => {
	const known = await visit('moderator');
	const me = await (await known.request.get('/api/me')).json();
	const address: string = me.emails[0];

	const page = await visit('stranger');
	await page.goto('/people');
	await expect(page).toHaveURL(/\/sign-in\?next=%2Fpeople/);

	await page.getByRole('button', { name: 'Send me a code' }).click();
	await expect(page.getByRole('alert')).toContainText('Enter your email address');
	await expect(page).toHaveTitle(/^Error: /);
	await page.getByRole('link', { name: 'Enter your email address' }).click();
	await expect(page.getByLabel('Email address')).toBeFocused();

	await page.getByLabel('Email address').fill(address);
	await page.getByRole('button', { name: 'Send me a code' }).click();
	await expect(page.getByRole('heading', { name: 'Check your email' })).toBeVisible();

	await page.getByLabel('Code').fill('AAAA AAAA');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('alert')).toBeVisible();

	// As people copy it: small letters and a space.
	await page.getByLabel('Code').fill((await codeFor(address)).toLowerCase());
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'People' })).toBeVisible();
});

test('a link cannot send anybody to another site after signing in', async ({ visit }) => {
	const page = await visit('stranger');
	for (const next of [
		'//example.org/',
		'/..//example.org/',
		'/%09/example.org',
		'/\\example.org',
		'https://example.org',
		'/api/me',
		'http://%'
	]) {
		await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
		await page.getByRole('button', { name: 'Member', exact: true }).click();
		await expect(page.getByRole('button', { name: 'Your account' })).toBeVisible();
		expect(new URL(page.url()).origin, next).toBe(process.env.GUILDHALL_E2E_URL);
		await page.context().clearCookies();
	}
});

test('signing out on another device ends this session at once', async ({ visit }) => {
	const [here, there] = [await visit('load-7'), await visit('load-7')];
	await here.goto('/profile/sessions');
	await there.goto('/');
	await expect(there.getByRole('heading', { level: 1 })).toBeVisible();
	await here.getByRole('button', { name: 'Sign out everywhere else' }).click();
	await expect(here.getByText('Signed out everywhere else')).toBeVisible();
	await expect(there).toHaveURL(/\/sign-in/);
});

test('signing out in one tab signs out the other, and leaves nothing in the browser', async ({ visit }) => {
	const one = await visit('load-8');
	const two = await one.context().newPage();
	for (const page of [one, two]) {
		await page.goto('/');
		await expect(page.getByRole('heading', { level: 1, name: 'What is new for you' })).toBeVisible();
	}
	await one.getByRole('button', { name: 'Your account' }).click();
	await one.getByRole('button', { name: 'Sign out', exact: true }).click();
	for (const page of [one, two]) await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
	const left = () => one.evaluate(async () => (await indexedDB.databases()).map((d) => d.name));
	await expect.poll(left).toEqual([]);
});

test('signing out without a network says so, and stays', async ({ visit }) => {
	const page = await visit('outsider');
	await page.goto('/');
	await page.getByRole('button', { name: 'Your account' }).click();
	await page.context().setOffline(true);
	await page.getByRole('button', { name: 'Sign out', exact: true }).click();
	await expect(page.getByRole('alert')).toContainText('No answer from the server');
	await page.context().setOffline(false);
	await page.getByRole('button', { name: 'Sign out', exact: true }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
});
