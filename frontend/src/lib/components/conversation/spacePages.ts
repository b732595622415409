import type { Space } from '#lib/api/types.ts';
import type { TextKey } from '#lib/text/text.svelte.ts';

/** inside says whether the reader may read what is said in a space. */
export const inside = ({ can }: Pick<Space, 'can'>) => can.includes('view-space');

/** seesMembers says whether the reader may see who is in a space: its own people, and who sets it up. */
export const seesMembers = (space: Pick<Space, 'can'>) => inside(space) || space.can.includes('set-up-space');

/** spacePages lists the pages of a space that are the reader's to see, in the order of its navigation. */
export function spacePages(space: Pick<Space, 'id' | 'can'>) {
	const home = `spaces/${space.id}` as const;
	const pages = [
		{ path: home, name: 'spaces.overview', shown: true },
		{ path: `${home}/forum`, name: 'spaces.forum', shown: inside(space) },
		{ path: `${home}/rooms`, name: 'spaces.rooms', shown: inside(space) },
		{ path: `${home}/members`, name: 'spaces.members', shown: seesMembers(space) }
	] as const satisfies { path: string; name: TextKey; shown: boolean }[];
	return pages.filter(({ shown }) => shown);
}
