// What every journey needs: a browser for each person, and a look at the console, which must stay silent.
import {
	expect,
	test as base,
	type APIRequestContext,
	type BrowserContext,
	type BrowserContextOptions,
	type Locator,
	type Page
} from '@playwright/test';

/**
 * The demonstration's people; those of the load hall are for what would disturb the others, such as ending all sessions.
 * Rhodri Maddox is a facilitator of the network, where everybody is.
 */
export type Who = 'admin' | 'moderator' | 'facilitator' | 'member' | 'outsider' | 'rhodri-maddox' | `load-${number}`;
type Options = BrowserContextOptions & { offline?: boolean };

type World = {
	/** A browser of its own for one person, signed in; or for a stranger. */
	visit: (who: Who | 'stranger', options?: Options) => Promise<Page>;
	/** A fresh room of the cohort, so that journeys side by side do not hear each other. */
	room: (name: string) => Promise<{ id: string; spaceId: string; name: string }>;
};

const url = () => process.env.GUILDHALL_E2E_URL!;

/** Noise of the browser's own: an honest no of the API, and whatever is asked while there is no network. */
const expected = (text: string, from: string) =>
	(from.includes('/api/') && /responded with a status of 4\d\d/.test(text)) ||
	/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(text);

async function signIn(context: BrowserContext, who: Who) {
	const answer = await context.request.post(`${url()}/api/demo/sign-in`, {
		data: { as: who },
		headers: { Origin: url() }
	});
	expect(answer.status(), `sign in as ${who}`).toBe(200);
}

/** Presses a button that a message shows under the mouse. What is drawn anew below a mouse that rests is not hovered. */
export const press = (message: Locator, button: string | RegExp) =>
	expect(async () => {
		await message.hover();
		await message.getByRole('button', { name: button }).click({ timeout: 1500 });
	}).toPass();

/** Does something that opens a page, and waits until the page hears what is said in a room from then on. */
export async function following(page: Page, room: string, act: () => Promise<unknown>) {
	const follows = new Promise<void>((done) =>
		page.once('websocket', (socket) =>
			socket.on('framereceived', ({ payload }) => {
				const frame = JSON.parse(payload.toString());
				if (frame.type === 'subscribed' && frame.room === room) done();
			})
		)
	);
	await act();
	await follows;
}

/** The id of the space that the demonstration's people have in common: journeys open spaces of their own beside it. */
export async function cohort(api: APIRequestContext): Promise<string> {
	const spaces: { id: string; name: string }[] = (await (await api.get('/api/spaces')).json()).items;
	return spaces.find(({ name }) => name.startsWith('Cohort 7,'))!.id;
}

export const test = base.extend<World>({
	baseURL: async ({}, use) => use(url()), // eslint-disable-line no-empty-pattern

	visit: async ({ browser }, use) => {
		const contexts: BrowserContext[] = [];
		const faults: string[] = [];
		await use(async (who, { ...options } = {}) => {
			const context = await browser.newContext({ baseURL: url(), ...options });
			contexts.push(context);
			context.on('console', (m) => {
				if (m.type() === 'error' && !expected(m.text(), m.location().url))
					faults.push(`${m.page()?.url()}: ${m.text()} (${m.location().url})`);
			});
			context.on('weberror', (e) => faults.push(`${e.page()?.url()}: ${e.error().stack}`));
			if (who !== 'stranger') await signIn(context, who);
			return context.newPage();
		});
		for (const context of contexts) await context.close();
		expect(faults, 'errors in the console').toEqual([]);
	},

	room: async ({ playwright }, use) => {
		const api = await playwright.request.newContext({ baseURL: url(), extraHTTPHeaders: { Origin: url() } });
		await api.post('/api/demo/sign-in', { data: { as: 'facilitator' } });
		const space = await cohort(api);
		const opened: string[] = [];
		await use(async (name) => {
			const answer = await api.post(`/api/spaces/${space}/rooms`, { data: { name: `${name} ${Date.now() % 1e6}` } });
			expect(answer.status()).toBe(201);
			const made = await answer.json();
			opened.push(made.id);
			return made;
		});
		// Closed again, so that nobody's list grows from journey to journey.
		for (const id of opened) {
			const { name, topic, retentionDays, version } = await (await api.get(`/api/rooms/${id}`)).json();
			await api.patch(`/api/rooms/${id}`, { data: { name, topic, retentionDays, version, archived: true } });
		}
		await api.dispose();
	}
});

export { expect };
