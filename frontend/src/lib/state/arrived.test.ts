import { expect, test } from 'vitest';
import type { Room } from '#lib/api/types.ts';
import { arrived, seenNow } from './arrived.ts';

const room = (change: Partial<Room>) =>
	({ id: '1', spaceId: '3', head: 5, unread: 0, mentions: 0, muted: false, notify: 'all', ...change }) as Room;

test.each([
	['a message', room({}), room({ head: 6, unread: 1 }), true],
	['one of my own', room({}), room({ head: 6 }), false],
	['an edit', room({ unread: 2 }), room({ head: 6, unread: 2 }), false],
	['nothing, but no longer muted', room({ muted: true, unread: 2 }), room({ unread: 2 }), false],
	['a message in a muted room', room({ muted: true }), room({ muted: true, head: 6, unread: 1 }), false],
	['where only mentions count', room({ notify: 'mentions' }), room({ notify: 'mentions', head: 6, unread: 1 }), false],
	[
		'a mention there',
		room({ notify: 'mentions' }),
		room({ notify: 'mentions', head: 6, unread: 1, mentions: 1 }),
		true
	],
	['where nothing is wanted', room({ notify: 'nothing' }), room({ notify: 'nothing', head: 6, unread: 1 }), false],
	['a conversation begun with me', undefined, room({ spaceId: undefined, unread: 1 }), true],
	['a room of a space that I joined', undefined, room({ unread: 9 }), false]
])('told or not: %s', (_, before, after, told) => {
	expect(arrived(seenNow(before ? [before] : []), [after]).length).toBe(told ? 1 : 0);
});
