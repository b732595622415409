import { expect, test } from './world.ts';

test('open a topic, answer it, and see the answer come', async ({ visit }) => {
	const [anna, ben] = [await visit('member'), await visit('facilitator')];
	const title = `Who has left a repairs contract early? ${Date.now() % 1e6}`;

	await anna.goto('/spaces');
	await anna
		.getByRole('main')
		.getByRole('link', { name: /Cohort/ })
		.first()
		.click();
	await anna.getByRole('main').getByRole('link', { name: 'All topics' }).click();
	await anna.getByRole('link', { name: 'Open a topic' }).click();
	await anna.getByRole('button', { name: 'Open the topic' }).click();
	await expect(anna.getByRole('alert')).toContainText('Enter a title');
	await anna.getByLabel('Title').fill(title);
	await anna.getByLabel('What you want to say').fill('Ours runs to **September**.\n\nWhat did it cost you?');
	await anna.getByRole('button', { name: 'Open the topic' }).click();
	await expect(anna.getByRole('heading', { level: 1, name: title })).toBeVisible();
	await expect(anna.locator('.prose strong')).toHaveText('September');

	await ben.goto('/');
	await ben.getByRole('link', { name: title }).click();
	await ben.getByLabel('Your reply').fill('We have. Two months of fees.');
	await ben.getByRole('button', { name: 'Reply', exact: true }).click();
	await expect(ben.getByRole('article', { name: /^Post 2/ })).toBeFocused();

	await expect(anna.getByText('1 new reply')).toBeVisible();
	await expect(anna.getByText('Two months of fees')).toHaveCount(0);
	await anna.getByRole('button', { name: 'Show' }).click();
	await expect(anna.getByText('Two months of fees')).toBeVisible();

	// The author thinks again; every wording is kept.
	const post = ben.getByRole('article', { name: /^Post 2/ });
	await post.getByRole('button', { name: 'Edit' }).click();
	await ben.getByLabel('Edit your post').fill('We have. Three months of fees.');
	await ben.getByRole('button', { name: 'Save' }).click();
	await expect(anna.getByText('Three months of fees')).toBeVisible();
	await anna.getByRole('button', { name: /^Edited/ }).click();
	await expect(anna.getByRole('dialog')).toContainText('Two months of fees');
});

test('two windows edit the same post: nothing typed is lost', async ({ visit }) => {
	const one = await visit('member');
	await one.goto('/spaces');
	await one
		.getByRole('main')
		.getByRole('link', { name: /Cohort/ })
		.first()
		.click();
	await one.getByRole('main').getByRole('link', { name: 'All topics' }).click();
	await one.getByRole('link', { name: 'Open a topic' }).click();
	await one.getByLabel('Title').fill(`A draft ${Date.now() % 1e6}`);
	await one.getByLabel('What you want to say').fill('First words');
	await one.getByRole('button', { name: 'Open the topic' }).click();
	await expect(one.getByText('First words')).toBeVisible();

	const two = await one.context().newPage();
	await two.goto(one.url());
	for (const page of [one, two]) await page.getByRole('button', { name: 'Edit', exact: true }).click();
	await one.getByLabel('Edit your post').fill('Words of the first window');
	await one.getByRole('button', { name: 'Save' }).click();
	await two.getByLabel('Edit your post').fill('Words of the second window');
	await two.getByRole('button', { name: 'Save' }).click();
	await expect(two.getByRole('alert')).toContainText('Words of the first window');
	await expect(two.getByLabel('Edit your post')).toHaveValue('Words of the second window');
	await two.getByRole('button', { name: 'Save' }).click();
	await expect(two.locator('.prose')).toHaveText('Words of the second window');
});
