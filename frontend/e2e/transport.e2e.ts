// That the way is chosen within five seconds is held by connection.test.ts. Council proxies: one that refuses to upgrade, and one that also holds answers back until they end.
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { box, list } from './room.ts';
import { expect, test } from './world.ts';

/** A proxy before the real server. It keeps the Host, as one in front of the site would. */
async function proxy({ buffers }: { buffers: boolean }): Promise<{ url: string; close: () => void }> {
	const server: Server = createServer((from, to) => {
		const { hostname, port } = new URL(process.env.GUILDHALL_E2E_URL!);
		const onward = request(
			{ hostname, port, path: from.url, method: from.method, headers: from.headers, agent: false },
			(answer) => {
				if (!buffers) {
					to.writeHead(answer.statusCode!, answer.headers);
					to.flushHeaders();
					return void answer.pipe(to);
				}
				const parts: Buffer[] = [];
				answer.on('data', (part) => parts.push(part));
				answer.on('end', () => to.writeHead(answer.statusCode!, answer.headers).end(Buffer.concat(parts)));
			}
		);
		onward.on('error', () => to.destroy());
		to.on('close', () => onward.destroy());
		from.pipe(onward);
	});
	server.on('upgrade', (_, socket) =>
		socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
	);
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: () => {
			server.closeAllConnections();
			server.close();
		}
	};
}

for (const [name, buffers, words] of [
	['refuses to upgrade', false, 'Limited network'],
	['holds answers back', true, 'Delayed']
] as const)
	test(`messages come and go behind a proxy that ${name}`, async ({ visit, room }) => {
		const { id } = await room('Behind a proxy');
		const between = await proxy({ buffers });
		const [anna, ben] = [await visit('member', { baseURL: between.url }), await visit('facilitator')];
		try {
			await ben.goto(`/rooms/${id}`);
			await expect(box(ben)).toBeVisible();

			await anna.goto(`${between.url}/rooms/${id}`);
			await expect(box(anna)).toBeVisible();
			await expect(anna.getByText(words)).toBeVisible();
			await box(ben).fill('Can you hear me?');
			await box(ben).press('Enter');
			await expect(list(anna).getByText('Can you hear me?')).toBeVisible();

			await box(anna).pressSequentially('Yes');
			await expect(ben.getByText(/is writing/)).toBeVisible();
			await box(anna).press('Enter');
			await expect(list(ben).getByText('Yes', { exact: true })).toBeVisible();

			// The way is remembered: after a reload it is the first to be tried.
			let sockets = 0;
			anna.on('websocket', () => sockets++);
			await anna.reload();
			await expect(anna.getByText(words)).toBeVisible();
			expect(sockets, 'sockets that are tried again').toBe(0);
			for (const text of ['One', 'Two', 'Three']) {
				await box(ben).fill(text);
				await box(ben).press('Enter');
			}
			await expect
				.poll(() => list(anna).locator('article .prose, article p.whitespace-pre-wrap').allInnerTexts())
				.toEqual(['Can you hear me?', 'Yes', 'One', 'Two', 'Three']);
		} finally {
			await anna.close(); // before its way to the server
			between.close();
		}
	});
