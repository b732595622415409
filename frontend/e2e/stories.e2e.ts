import { expect, test } from './world.ts';

test('find a story by a misspelt question and a service area; the address holds it all', async ({ visit }) => {
	const page = await visit('member');
	await page.goto('/stories');
	await page.getByRole('searchbox', { name: 'Search stories' }).fill('houseing repiars');
	await page.getByRole('button', { name: 'Search', exact: true }).click();
	await expect(page).toHaveURL(/q=houseing\+repiars|q=houseing%20repiars/);
	await expect(page.getByRole('heading', { level: 2 }).first()).toContainText(/for “hous\w+ repairs”/);
	await expect(page.getByText(/^Showing results for “.*” instead of “houseing repiars”\.$/)).toBeVisible();
	await expect(page.getByRole('listitem').locator('mark').first()).toBeVisible();

	const area = page.getByRole('checkbox', { name: /^Housing and homelessness/ });
	await area.check();
	await expect(page).toHaveURL(/area=housing-homelessness/);
	await expect(page.getByRole('button', { name: 'Remove the filter Housing and homelessness' })).toBeVisible();
	await page.getByRole('checkbox', { name: /^Housing repairs/ }).check();
	await expect(page).toHaveURL(/area=housing-repairs/);

	await page.goBack();
	await expect(page).not.toHaveURL(/area=housing-repairs/);
	await expect(area).toBeChecked();
	await page.reload();
	await expect(area).toBeChecked();

	await page
		.getByRole('main')
		.getByRole('link', { name: /repairs/i })
		.first()
		.click();
	await expect(page.getByRole('heading', { name: 'The problem' })).toBeVisible();
	await expect(page.getByText('These are not the organisation’s own words')).toBeVisible();
	await page.goBack();
	await expect(area).toBeChecked();
});

test('no results: the filters come off one by one', async ({ visit }) => {
	const page = await visit('member');
	await page.goto('/stories?q=repairs&stage=bid+not+funded&year=2011');
	const none = page.getByRole('heading', { name: /^No stories match/ });
	await expect(none).toHaveText('No stories match “repairs”');
	await page.getByRole('button', { name: 'Without 2011' }).click();
	await expect(page).not.toHaveURL(/year=/);
	await page
		.getByRole('button', { name: /^Without Bid not funded|^Remove the filter Bid not funded/ })
		.first()
		.click();
	await expect(none).toHaveCount(0);
});

test('the next page begins at its heading', async ({ visit }) => {
	const page = await visit('member');
	await page.goto('/stories');
	await page.getByRole('link', { name: 'Next' }).click();
	await expect(page).toHaveURL(/page=2/);
	await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
});

test('on a phone the filters are a sheet that gives the focus back', async ({ visit }) => {
	const page = await visit('member', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
	await page.goto('/stories');
	const opener = page.getByRole('button', { name: 'Filter' });
	await opener.click();
	const sheet = page.getByRole('dialog', { name: 'Filter stories' });
	await sheet.getByRole('checkbox').first().check();
	await expect(page).toHaveURL(/area=/);
	await sheet.getByRole('button', { name: /^Show \d+ stor/ }).click();
	await expect(sheet).toBeHidden();
	await expect(page.getByRole('button', { name: 'Filter, 1 on' })).toBeFocused();
});

test('a council by its nickname', async ({ visit }) => {
	const page = await visit('member');
	await page.goto('/organisations');
	await page.getByRole('searchbox').fill('notts');
	await page.getByRole('link', { name: 'Nottinghamshire County Council' }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'Nottinghamshire County Council' })).toBeVisible();
	await expect(page.getByText('County council', { exact: true })).toBeVisible();
});

test('one search for stories, topics, people and councils', async ({ visit }) => {
	const page = await visit('member');
	await page.goto('/');
	await page.getByRole('link', { name: 'Search', exact: true }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'Search' })).toBeFocused();
	await page.getByLabel('Search Guildhall').fill('repairs');
	for (const kind of ['Stories', 'Topics', 'People'])
		await expect(page.getByRole('heading', { level: 2, name: kind })).toBeVisible();
	await page.getByLabel('Search Guildhall').fill('bucks');
	await expect(page.getByRole('link', { name: 'Buckinghamshire Council', exact: true })).toBeVisible();
	await page.getByRole('link', { name: /^All \d+ stories$/ }).click();
	await expect(page).toHaveURL(/\/stories\?q=bucks$/);
});
