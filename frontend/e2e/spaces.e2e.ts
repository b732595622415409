import { expect, test } from './world.ts';

test('an admin opens a cohort, and a facilitator finds themselves in it', async ({ visit }) => {
	const page = await visit('admin');
	const name = `Opened ${Date.now() % 1e6}`;
	await page.goto('/spaces');
	await page.getByRole('link', { name: 'Open a space' }).click();
	await page.getByRole('button', { name: 'Open the space' }).click();
	await expect(page.getByRole('alert')).toContainText('Enter a name for the space');

	await page.getByLabel('Name').fill(name);
	await page.getByLabel('First day of the residential').fill('2027-03-09');
	await page.getByLabel('Last day of the residential').fill('2027-03-08');
	await page.getByRole('button', { name: 'Open the space' }).click();
	await expect(page.getByRole('alert')).toContainText('cannot end before it begins');
	await page.getByLabel('Last day of the residential').fill('2027-03-10');
	await page.getByRole('button', { name: 'Open the space' }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'Members' })).toBeFocused();
	await expect(page.getByText('Nobody is in it yet')).toBeVisible();

	// The first to be added is its facilitator.
	const ben = await visit('facilitator');
	const { person, emails } = await (await ben.request.get('/api/me')).json();
	await page.getByRole('button', { name: 'Add a member' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Email address').fill(emails[0]);
	await expect(dialog.getByLabel('Role')).toHaveValue('facilitator');
	await dialog.getByRole('button', { name: 'Add a member' }).click();
	const role = page.getByRole('combobox', { name: `Role of ${person.name}` });
	await expect(role).toHaveValue('facilitator');
	await role.selectOption('moderator');
	await expect(page.getByRole('status').getByText(`${person.name} is now: Moderator`)).toBeVisible();
	// Nobody else looks after the space: the refusal says so, and the role stands as it is.
	await role.selectOption('facilitator');
	await expect(page.getByRole('alert')).toContainText('This is the last moderator');
	await expect(role).toHaveValue('moderator');

	await ben.goto('/spaces');
	await ben.getByRole('link', { name }).click();
	await expect(ben.getByText('9 to 10 March 2027')).toBeVisible();
	await ben.getByRole('button', { name: 'Change the dates' }).click();
	await ben.getByRole('dialog').getByLabel('Review day').fill('2027-09-16');
	await ben.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
	await expect(ben.getByText('Thursday 16 September 2027')).toBeVisible();
});

test('only an admin is offered to open a space', async ({ visit }) => {
	const page = await visit('facilitator');
	await page.goto('/spaces');
	await expect(page.getByRole('heading', { level: 1, name: 'Conversations' })).toBeVisible();
	await expect(page.getByRole('link', { name: 'Open a space' })).toHaveCount(0);
	await page.goto('/spaces/new');
	await expect(page.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
});

test('who is not in a listed group is told so, and is not sent to a page that is not there', async ({ visit }) => {
	const page = await visit('outsider');
	const spaces: { id: string; role: string; can: string[] }[] = (await (await page.request.get('/api/spaces')).json())
		.items;
	const shut = spaces.find((s) => !s.role && !s.can.includes('join'))!;
	await page.goto('/spaces');
	await expect(page.getByRole('heading', { name: 'Open to you' })).toBeVisible();
	await expect(page.getByRole('heading', { name: 'Other groups' })).toBeVisible();
	for (const part of ['', '/forum', '/rooms', '/members', '/forum/new']) {
		await page.goto(`/spaces/${shut.id}${part}`);
		await expect(page.getByText('Members only. Ask a facilitator to add you.')).toBeVisible();
		await expect(page.getByText('Page not found')).toHaveCount(0);
		await expect(page.getByRole('main').getByRole('link', { name: 'Forum' })).toHaveCount(0);
	}
});
