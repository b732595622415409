// The words on the screen. English is always there; Welsh is fetched when somebody asks for it, and what it lacks is
// shown in English and marked so, for screen readers to say it right.
import i18next, { type ParseKeys, type TOptions } from 'i18next';
import en from './en.json';

export type Language = 'en' | 'cy';
export type TextKey = ParseKeys;

const kept = 'gh-language';

void i18next.init({
	lng: 'en',
	fallbackLng: 'en',
	resources: { en: { translation: en } },
	interpolation: { escapeValue: false },
	initAsync: false
});

let current = $state<Language>('en');

export const language = {
	get current() {
		return current;
	},
	/** The tag for dates and numbers: British English, not American. */
	get locale() {
		return current === 'cy' ? 'cy-GB' : 'en-GB';
	}
};

/** t gives the words for a key, in the reader's language or else in English. */
export function t(key: TextKey, values?: TOptions): string {
	void current; // read, so that a change of language shows at once
	return i18next.t(key, { ...values });
}

/** tell gives the words and, where they are not in the page's language, the language they are in. */
export function tell(key: TextKey, values?: TOptions): { text: string; lang?: 'en' } {
	const text = t(key, values);
	if (current === 'en') return { text };
	const used = i18next.t(key, { ...values, returnDetails: true }) as unknown as { usedLng: string };
	return used.usedLng === current ? { text } : { text, lang: 'en' };
}

/** told says whether a key that was put together at run time, such as problems.<slug>, has words. */
export function told(key: string): key is TextKey {
	return i18next.exists(key, { lng: 'en' });
}

/** speak changes the language of the whole page and remembers it on this device. */
export async function speak(to: Language): Promise<void> {
	if (to === 'cy' && !i18next.hasResourceBundle('cy', 'translation')) {
		const { default: cy } = await import('./cy.json');
		i18next.addResourceBundle('cy', 'translation', cy);
	}
	await i18next.changeLanguage(to);
	current = to;
	document.documentElement.lang = language.locale;
	try {
		localStorage.setItem(kept, to);
	} catch {
		// Storage may be shut off by policy. The choice then lasts for this visit.
	}
}

/** remembered is the language chosen on this device, if any. */
export function remembered(): Language | undefined {
	try {
		const found = localStorage.getItem(kept);
		return found === 'cy' || found === 'en' ? found : undefined;
	} catch {
		return undefined;
	}
}
