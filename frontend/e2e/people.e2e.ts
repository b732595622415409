import { cohort, expect, test } from './world.ts';

test('a profile is changed, and others see it', async ({ visit }) => {
	const page = await visit('outsider');
	await page.goto('/profile');
	await page.getByLabel('Your job').fill('Director of Place');
	await page.getByRole('combobox', { name: 'Organisation' }).fill('northm');
	await page.getByRole('option', { name: 'Northmere County Council' }).click();
	await page.getByLabel('Ask me about').fill('Moving twelve teams to one desk\nLeaving a contract');
	await page.locator('summary', { hasText: 'Housing and homelessness' }).click();
	await page.getByRole('checkbox', { name: 'Housing repairs' }).check();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('status').getByText('Saved')).toBeVisible();

	const me = await (await page.request.get('/api/me')).json();
	const other = await visit('member');
	await other.goto(`/people/${me.person.id}`);
	await expect(other.getByText('Director of Place').first()).toBeVisible();
	await expect(other.getByText('Leaving a contract')).toBeVisible();
	await expect(other.getByRole('link', { name: 'Housing repairs' })).toBeVisible();
});

test('a slip in the organisation does not take it away, and nothing is lost by leaving', async ({ visit }) => {
	const page = await visit('moderator');
	const post = async () => (await (await page.request.get('/api/me')).json()).person.organisation;
	const before = await post();
	await page.goto('/profile');
	const box = page.getByRole('combobox', { name: 'Organisation' });
	await expect(box).toHaveValue(before);
	await box.press('End');
	await box.pressSequentially('zzz');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('alert')).toContainText('Choose an organisation from the list, or leave it empty');
	await expect(box).toHaveAttribute('aria-invalid', 'true');
	expect(await post()).toBe(before);

	await page.getByRole('link', { name: 'Guildhall', exact: true }).click();
	const asked = page.getByRole('dialog', { name: 'Leave without saving?' });
	await asked.getByRole('button', { name: 'Stay here' }).click();
	await expect(box).toHaveValue(`${before}zzz`);
	await box.fill(before);
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('status').getByText('Saved')).toBeVisible();
	await page.getByRole('link', { name: 'Guildhall', exact: true }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'What is new for you' })).toBeVisible();
	expect(await post()).toBe(before);
});

test('a facilitator adds a member, a moderator removes them, and each sees only what they may do', async ({
	visit
}) => {
	const [ben, mod, anna] = [await visit('facilitator'), await visit('moderator'), await visit('member')];
	const path = `/spaces/${await cohort(ben.request)}/members`;
	const name = `Nia Example ${Date.now() % 1e6}`;
	const email = `nia.${Date.now()}@glanhafren.example`;

	await ben.goto(path);
	await ben.getByRole('button', { name: 'Add a member' }).click();
	const dialog = ben.getByRole('dialog');
	await dialog.getByLabel('Email address').fill(email);
	await dialog.getByRole('button', { name: 'Add a member' }).click();
	await expect(dialog.getByRole('alert')).toContainText('enter the person’s name');
	await dialog.getByLabel('Name').fill(name);
	await dialog.getByRole('button', { name: 'Add a member' }).click();
	await expect(dialog).toBeHidden();
	await expect(ben.getByRole('main').getByText(name)).toBeVisible();

	await anna.goto(path);
	await expect(anna.getByRole('main').getByText(name)).toBeVisible();
	await expect(anna.getByRole('button', { name: 'Add a member' })).toHaveCount(0);
	await expect(anna.getByRole('button', { name: 'Remove' })).toHaveCount(0);

	await mod.goto(path);
	await mod.getByRole('button', { name: `Remove ${name}` }).click();
	await mod.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
	await expect(mod.getByRole('main').getByRole('listitem').filter({ hasText: name })).toHaveCount(0);
	await expect(mod.getByRole('heading', { level: 1, name: 'Members' })).toBeFocused();
});

test('an outsider is told nothing of a room that is not theirs', async ({ visit, room }) => {
	const { id } = await room('Whispering gallery');
	const page = await visit('outsider');
	await page.goto(`/rooms/${id}`);
	await expect(page.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
	await expect(page.getByText('Whispering gallery')).toHaveCount(0);
});
