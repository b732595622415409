// What journeys find on the page of a room, say there, and ask of the API as whoever sits before a page.
import type { Locator, Page } from '@playwright/test';

export type Person = { id: string; name: string };

/** The messages of a room or a conversation, and not those of a thread beside it. */
export const list = (page: Page) => page.getByRole('region', { name: /^Messages in (?!this thread)/ });
export const replies = (page: Page) => page.getByRole('region', { name: 'Messages in this thread' });
export const box = (page: Page) => page.getByRole('textbox', { name: /^Message / });
export const answerBox = (page: Page) => page.getByRole('textbox', { name: 'Reply in this thread' });
export const row = (page: Page, text: string) => list(page).getByRole('article').filter({ hasText: text });

/** What stands there, in order, as the reader sees it. */
export const said = (page: Page, where: Locator = list(page)) =>
	where.locator('article .prose, article p.whitespace-pre-wrap').allInnerTexts();

/** Types words and sends them; whoever needs to know that they are there looks. */
export async function say(page: Page, text: string, where = box(page)) {
	await where.fill(text);
	await where.press('Enter');
}

export const me = async (page: Page) => (await (await page.request.get('/api/me')).json()).person as Person;

/** What the API wants of whoever changes something. */
export const headers = () => ({ Origin: process.env.GUILDHALL_E2E_URL! });
