// What a message calls, as its HTML says: the server gives such links and @room the class "mention".
import type { Attachment } from 'svelte/attachments';

const selfOrAll = (me: string) => `a.mention[href="/people/${me}"], strong.mention`;

/** callsMe says whether a message calls this reader, by name or with everybody. */
export function callsMe(html: string, me: string): boolean {
	return (
		html.includes('<strong class="mention">') || new RegExp(`<a href="/people/${me}"[^>]* class="mention"`).test(html)
	);
}

/** markMine marks what calls this reader in a message on the screen; `html` only says when to look again. */
export function markMine(html: string, me: string | undefined): Attachment<HTMLElement> {
	return (shown) => {
		if (!me || !callsMe(html, me)) return;
		for (const call of shown.querySelectorAll(selfOrAll(me))) call.classList.add('mention-me');
	};
}
