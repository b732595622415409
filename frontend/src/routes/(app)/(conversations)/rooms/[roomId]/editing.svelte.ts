// Which of my messages is open for editing, and where: one at a time, in the room or in its thread. What was typed is kept
// until it is saved or given up, also where the list is made anew under it.
import type { Message } from '#lib/api/types.ts';
import type { Names } from '#lib/composing.ts';

/** What is being typed, and the version of the message that it was typed over. */
export type Edit = { base: Message; text: string; names: Names };

let open = $state.raw<{ id: string; thread: boolean }>();
let fresh = false;
// Nothing on the screen depends on it.
// eslint-disable-next-line svelte/prefer-svelte-reactivity
const typed = new Map<string, Edit>();

export const editing = {
	/** is says so of one message, in the room or in its thread. */
	is: (id: string, thread: boolean) => open?.id === id && open.thread === thread,
	begin(id: string, thread: boolean) {
		fresh = true;
		open = { id, thread };
	},
	/** asked says, once, that it has just been begun, and so wants the focus. */
	asked() {
		const was = fresh;
		fresh = false;
		return was;
	},
	end: () => void (open = undefined),
	typed: (id: string) => typed.get(id),
	keep: (id: string, edit: Edit) => void typed.set(id, edit),
	forget: (id: string) => void typed.delete(id)
};
