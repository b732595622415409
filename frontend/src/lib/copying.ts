// What is copied for the reader to paste elsewhere.
import { notice } from '#lib/state/notice.svelte.ts';
import { t } from '#lib/text/text.svelte.ts';

/** copy puts words where they can be pasted from, and says so, or that the browser does not let us. */
export async function copy(words: string, said = t('common.copied')): Promise<void> {
	try {
		await navigator.clipboard.writeText(words);
		notice.say(said);
	} catch {
		notice.say(t('common.notCopied'));
	}
}
