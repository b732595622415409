import type { Page } from '@playwright/test';

/** Goes on with Tab until the thing has the focus, as somebody without a mouse does. */
export async function tabTo(page: Page, name: RegExp | string, key = 'Tab') {
	const said: string[] = [];
	for (let i = 0; i < 80; i++) {
		await page.keyboard.press(key);
		const focused = await page.evaluate(() => {
			const el = document.activeElement as HTMLElement | null;
			return (
				el?.getAttribute('aria-label') ??
				(el as HTMLInputElement)?.labels?.[0]?.innerText ??
				el?.innerText ??
				''
			).trim();
		});
		said.push(focused);
		if (typeof name === 'string' ? focused === name : name.test(focused)) return;
	}
	throw new Error(`Tab never came to ${name}; it came to ${[...new Set(said)].join(' | ')}`);
}
