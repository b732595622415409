import { expect, test } from './world.ts';
import { tabTo } from './tabbing.ts';

test('a conversation is begun, added to, named and muted by keyboard alone', async ({ visit }) => {
	const anna = await visit('load-42');
	const others = await Promise.all((['load-43', 'load-44', 'load-45'] as const).map((who) => visit(who)));
	const people = await Promise.all(
		others.map(async (page) => (await (await page.request.get('/api/me')).json()).person as { name: string })
	);
	const pick = async (name: string) => {
		await anna.keyboard.type(name);
		await expect(anna.getByRole('option', { name: new RegExp(name) })).toBeVisible();
		await anna.keyboard.press('ArrowDown');
		await anna.keyboard.press('Enter');
		await expect(anna.getByRole('list', { name: 'People chosen' })).toContainText(name);
	};
	await anna.goto('/conversations');
	await tabTo(anna, 'New conversation');
	await anna.keyboard.press('Enter');
	await expect(anna.getByRole('heading', { level: 1, name: 'New conversation' })).toBeFocused();
	await tabTo(anna, 'People');
	await pick(people[0]!.name);
	await pick(people[1]!.name);

	// One too many goes again, and the focus stays where the next can be chosen.
	await pick(people[2]!.name);
	await tabTo(anna, `Remove: ${people[2]!.name}`);
	await anna.keyboard.press('Enter');
	await expect(anna.getByRole('combobox', { name: 'People' })).toBeFocused();
	await anna.keyboard.press('Escape');
	await tabTo(anna, 'Start the conversation');
	await anna.keyboard.press('Enter');
	const box = anna.getByRole('textbox', { name: /^Message / });
	await expect(box).toBeVisible();
	await tabTo(anna, /^Message /);
	await anna.keyboard.type('By keyboard');
	await anna.keyboard.press('Enter');
	await expect(anna.getByRole('region', { name: /^Messages in/ }).getByText('By keyboard')).toBeVisible();

	await tabTo(anna, 'Add people');
	await anna.keyboard.press('Enter');
	await expect(anna.getByRole('dialog')).toBeVisible();
	await tabTo(anna, 'People');
	await pick(people[2]!.name);
	await tabTo(anna, 'Add');
	await anna.keyboard.press('Enter');
	await expect(anna.getByRole('dialog')).toBeHidden();
	await expect(anna.getByText(`added ${people[2]!.name}`)).toBeVisible();
	await expect(anna.getByRole('button', { name: 'Add people' })).toBeFocused();

	await tabTo(anna, /^Every message/);
	await anna.keyboard.press('ArrowDown');
	await expect(anna.getByRole('radio', { name: /^Mentions only/ })).toBeChecked();
	await expect(anna.getByRole('radio', { name: /^Mentions only/ })).toBeFocused();
	await tabTo(anna, /^Mute/);
	await anna.keyboard.press('Space');
	await expect(anna.getByRole('complementary').getByRole('link', { name: /muted/ })).toBeVisible();
	await tabTo(anna, 'Leave');
	await anna.keyboard.press('Enter');
	await expect(anna.getByRole('dialog')).toBeVisible();
	await anna.keyboard.press('Escape');
	await expect(anna.getByRole('button', { name: 'Leave' })).toBeFocused();
	await anna.keyboard.press('Enter');
	await tabTo(anna, 'Leave');
	await anna.keyboard.press('Enter');
	await expect(anna.getByRole('heading', { level: 1, name: 'Direct messages' })).toBeFocused();
});
