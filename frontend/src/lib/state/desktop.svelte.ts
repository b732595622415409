// Notices of the device: what came while nobody looked at the app. Asked for, and kept, on this device.
import { goto } from '$app/navigation';
import type { Message, Room } from '#lib/api/types.ts';
import { isConversation, messagePath, personName, roomName } from '#lib/rooms.ts';
import { t } from '#lib/text/text.svelte.ts';
import { arrived, seenNow, type Seen } from './arrived.ts';
import { attention } from './attention.svelte.ts';
import { mayDisturb } from './chatPreferences.svelte.ts';

const key = 'gh-desktop';
/** Held by each tab that is looked at. While there is one, the others are silent. */
const LOOKING = 'gh-looking';
/** A notice is a glance: no more of a message than this many characters. */
const GLANCE = 140;

function wanted(): boolean {
	try {
		return localStorage.getItem(key) === 'on';
	} catch {
		return false;
	}
}

class Desktop {
	#permission = $state<NotificationPermission | undefined>(globalThis.Notification?.permission);
	#wanted = $state(wanted());
	#shown = new Map<string, Notification>();
	#seen: Seen | undefined;
	#last = new Map<string, Message>();

	/** `unable`: the browser has no such thing; `blocked`: its user said no, and only they can change it there. */
	get state(): 'unable' | 'blocked' | 'off' | 'on' {
		if (!this.#permission) return 'unable';
		if (this.#permission === 'denied') return 'blocked';
		return this.#wanted && this.#permission === 'granted' ? 'on' : 'off';
	}

	/** turnOn asks the reader's permission, and shows at once what a notice looks like. */
	async turnOn(): Promise<void> {
		this.#permission = await Notification.requestPermission();
		if (this.#permission !== 'granted') return;
		// Browsers of phones have the name of it only.
		if (this.#show('gh-first', t('desktop.first'), '', '/profile/chat')) this.#want(true);
		else this.#permission = undefined;
	}

	turnOff(): void {
		this.#want(false);
	}

	/** heard keeps the words of a message until the lists have counted it. */
	heard(message: Message): void {
		this.#last.set(message.roomId, message);
	}

	/** look tells what has come in the reader's rooms since it was last called, where they do not see it themselves. */
	look(rooms: Room[]): void {
		const fresh = this.#seen ? arrived(this.#seen, rooms) : [];
		this.#seen = seenNow(rooms);
		const counts = this.#seen;
		for (const [id, shown] of this.#shown) if (counts.get(id)?.unread === 0) shown.close();
		if (fresh.length > 0 && this.state === 'on' && !attention.here && mayDisturb(new Date())) void this.#tell(fresh);
	}

	/** watch lets this tab silence the others while it is looked at. It gives back how to stop. */
	watch(): () => void {
		if (!attention.here || !navigator.locks) return () => {};
		const stop = new AbortController();
		const held = new Promise<void>((done) => stop.signal.addEventListener('abort', () => done()));
		navigator.locks.request(LOOKING, { mode: 'shared', signal: stop.signal }, () => held).catch(() => {});
		return () => stop.abort();
	}

	/** forget is for when the reader signs out. */
	forget(): void {
		for (const shown of this.#shown.values()) shown.close();
		this.#seen = undefined;
		this.#last.clear();
	}

	async #tell(rooms: Room[]): Promise<void> {
		const { held } = (await navigator.locks?.query()) ?? {};
		if (held?.some(({ name }) => name === LOOKING)) return;
		for (const room of rooms) {
			const said = this.#last.get(room.id);
			const message = said?.seq === room.head ? said : undefined;
			const { title, body } = wordsFor(room, message);
			this.#show(room.id, title, body, `/${message ? messagePath(message) : `rooms/${room.id}`}`);
		}
	}

	/** A room's newer notice takes the place of its older one, and several tabs show one. */
	#show(tag: string, title: string, body: string, path: string): boolean {
		try {
			const shown = new Notification(title, { body, tag });
			shown.onclick = () => {
				window.focus();
				shown.close();
				// eslint-disable-next-line svelte/no-navigation-without-resolve -- our own paths, which have no base
				void goto(path);
			};
			shown.onclose = () => this.#shown.get(tag) === shown && this.#shown.delete(tag);
			this.#shown.set(tag, shown);
			return true;
		} catch {
			return false;
		}
	}

	#want(on: boolean): void {
		this.#wanted = on;
		try {
			localStorage.setItem(key, on ? 'on' : 'off');
		} catch {
			// Storage may be shut off by policy. The choice then lasts for this visit.
		}
	}
}

/** wordsFor says who or where. What was said is shown only of rooms that are open to their whole space. */
export function wordsFor(room: Room, message: Message | undefined): { title: string; body: string } {
	const other = room.kind === 'direct' ? room.people?.[0] : undefined;
	const name = other ?? message?.author;
	if (isConversation(room))
		return {
			title: name ? t('desktop.from', { name: personName(name) }) : t('desktop.inRoom', { room: roomName(room) }),
			body: room.kind === 'group' ? roomName(room) : ''
		};
	if (!message || room.kind === 'private')
		return { title: t('desktop.inRoom', { room: roomName(room) }), body: message ? personName(message.author) : '' };
	return { title: t('desktop.by', { name: personName(message.author), room: roomName(room) }), body: plain(message) };
}

function plain({ html }: Message): string {
	const text = new DOMParser().parseFromString(html, 'text/html').body.textContent.trim();
	return text.length > GLANCE ? `${text.slice(0, GLANCE)}…` : text;
}

export const desktop = new Desktop();
