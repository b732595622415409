// The list by keyboard: from message to message, and to what can be done with the one that has the focus. Single keys
// mean something only there (WCAG 2.1.4), so that nobody who talks to their computer sets one off.
import type { Row } from '#lib/realtime/rows.ts';

/** isStop tells rows that can have the focus from headings and lines. */
export const isStop = (row: Row) => row.kind === 'message' || row.kind === 'waiting';

/** stopFor gives the row that a key leads to from another; undefined where the key means something else. */
export function stopFor(key: string, rows: Row[], from: number): number | undefined {
	const seek = (start: number, step: number) => {
		for (let i = start; i >= 0 && i < rows.length; i += step) if (isStop(rows[i]!)) return i;
		return from;
	};
	switch (key) {
		case 'ArrowUp':
			return seek(from - 1, -1);
		case 'ArrowDown':
			return seek(from + 1, 1);
		case 'Home':
			return seek(0, 1);
		case 'End':
			return seek(rows.length - 1, -1);
	}
}

/**
 * act does what a key means on a message or among its tools, and tells whether it means something there. A tool answers to
 * the key in its aria-keyshortcuts.
 */
export function act({ key, target }: KeyboardEvent, article: HTMLElement): boolean {
	const tools = [...article.querySelectorAll<HTMLElement>('[role=toolbar] button')];
	const buttons = tools.length > 0 ? tools : [...article.querySelectorAll<HTMLElement>('button')];
	const at = buttons.indexOf(target as HTMLElement);
	if (target !== article) {
		if (at < 0) return false;
		const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
		const to = step ? buttons[(at + step + buttons.length) % buttons.length] : key === 'Escape' ? article : undefined;
		to?.focus();
		return Boolean(to);
	}
	if (key === 'Enter' || key === 'ContextMenu') {
		buttons[0]?.focus();
		return buttons.length > 0;
	}
	const tool = buttons.find((b) => b.getAttribute('aria-keyshortcuts') === key.toLowerCase());
	tool?.click();
	return Boolean(tool);
}
