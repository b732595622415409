// A conversation of two people of the load hall, who may say as much as they like: for what needs many messages.
import { expect, type Page } from '@playwright/test';
import { headers, list } from './room.ts';
import type { Who } from './world.ts';

type Visit = (who: Who) => Promise<Page>;

/** Each journey takes a number of its own, so that no two share a conversation. */
export async function hall(visit: Visit, number: number) {
	const [reader, writer] = [await visit(`load-${number}`), await visit(`load-${number + 1}`)];
	const { person } = await (await reader.request.get('/api/me')).json();
	const made = await writer.request.post('/api/conversations', { data: { people: [person.id] }, headers: headers() });
	expect(made.ok(), await made.text()).toBe(true);
	const { id } = (await made.json()) as { id: string };
	const cookies = await writer.context().cookies();
	const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');

	/** The writer says many things, of several lengths, many at once. */
	async function fill(count: number) {
		let next = 1;
		const say = async () => {
			for (let n = next++; n <= count; n = next++) {
				const body = `Message ${n}. ${'Of repairs, carers and contracts. '.repeat((n * 7) % 4)}`;
				const answer = await fetch(`${process.env.GUILDHALL_E2E_URL}/api/rooms/${id}/messages`, {
					method: 'POST',
					headers: { ...headers(), Cookie, 'Content-Type': 'application/json' },
					body: JSON.stringify({ clientId: crypto.randomUUID(), body })
				});
				if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
			}
		};
		await Promise.all(Array.from({ length: Math.min(50, count) }, say));
	}
	const room = async (page = reader) =>
		(await (await page.request.get(`/api/rooms/${id}`)).json()) as { unread: number; lastReadSeq: number };
	return { id, reader, writer, fill, room };
}

/** Changes a message through the API, as its author. */
export async function reword(writer: Page, id: string, body: string) {
	const answer = await writer.request.patch(`/api/messages/${id}`, { data: { body, version: 1 }, headers: headers() });
	expect(answer.status()).toBe(200);
}

/** The first message that is wholly on the screen: its id in the page, and how far its top is below the list's. */
export const anchor = (page: Page) =>
	list(page).evaluate((el) => {
		const top = el.getBoundingClientRect().top;
		const first = [...el.querySelectorAll('article')].find((a) => a.getBoundingClientRect().top >= top)!;
		return { id: first.id, offset: first.getBoundingClientRect().top - top };
	});

/** How far a message is below the top of the list; null when it is not in the page. */
export const offsetOf = (page: Page, id: string) =>
	list(page).evaluate((el, id) => {
		const article = document.getElementById(id);
		return article && article.getBoundingClientRect().top - el.getBoundingClientRect().top;
	}, id);

/** watch looks at a message at each frame. It gives back how to end, with how far the message went at most, in pixels. */
export async function watch(page: Page, id: string): Promise<() => Promise<number>> {
	const handle = await list(page).evaluateHandle((el, id) => {
		const at = () => {
			const article = document.getElementById(id);
			return article ? article.getBoundingClientRect().top - el.getBoundingClientRect().top : Infinity;
		};
		const was = at();
		const state = { most: 0, on: true };
		const look = () => {
			state.most = Math.max(state.most, Math.abs(at() - was));
			if (state.on) requestAnimationFrame(look);
		};
		look();
		return state;
	}, id);
	return () => handle.evaluate((state) => ((state.on = false), state.most));
}
