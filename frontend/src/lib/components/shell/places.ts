// The four places of the app, in the bar at the top and, on a phone, at the foot.
import type { Component } from 'svelte';
import BookOpen from '@lucide/svelte/icons/book-open';
import House from '@lucide/svelte/icons/house';
import MessagesSquare from '@lucide/svelte/icons/messages-square';
import Users from '@lucide/svelte/icons/users';
import type { TextKey } from '#lib/text/text.svelte.ts';

type Place = {
	path: '' | 'spaces' | 'stories' | 'people';
	name: TextKey;
	/** For the narrow bar of a phone. */
	short: TextKey;
	icon: Component<{ size?: number; 'aria-hidden'?: 'true' }>;
	/** Whether a path belongs to this place. */
	holds: RegExp;
};

export const places: Place[] = [
	{ path: '', name: 'nav.home', short: 'nav.home', icon: House, holds: /^\/$/ },
	{
		path: 'spaces',
		name: 'nav.conversations',
		short: 'nav.chat',
		icon: MessagesSquare,
		holds: /^\/(spaces|rooms|conversations|threads|topics)/
	},
	{ path: 'stories', name: 'nav.stories', short: 'nav.stories', icon: BookOpen, holds: /^\/stories/ },
	{ path: 'people', name: 'nav.people', short: 'nav.people', icon: Users, holds: /^\/(people|organisations)/ }
];
