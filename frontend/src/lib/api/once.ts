import { uuid7 } from '#lib/realtime/uuid.ts';

/**
 * once names what is sent, so that sending the same again after no answer stores it once. Other words get another name.
 */
export function once(): (text: string) => string {
	let last = { text: '', name: '' };
	return (text) => {
		if (text !== last.text || !last.name) last = { text, name: uuid7() };
		return last.name;
	};
}
