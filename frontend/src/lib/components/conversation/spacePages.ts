import type { Space } from '#lib/api/types.ts';
import type { TextKey } from '#lib/text/text.svelte.ts';

/** spacePages lists the pages of a space, in the order of its navigation. */
export function spacePages({ id }: Pick<Space, 'id'>) {
	return [
		{ path: `spaces/${id}`, name: 'spaces.overview' },
		{ path: `spaces/${id}/forum`, name: 'spaces.forum' },
		{ path: `spaces/${id}/rooms`, name: 'spaces.rooms' },
		{ path: `spaces/${id}/members`, name: 'spaces.members' }
	] as const satisfies { path: string; name: TextKey }[];
}
