import { t } from './text/text.svelte.ts';

/** jobOf writes what somebody does and where: "Director of Housing, Ashcombe". */
export function jobOf({ job, organisation }: { job: string; organisation: string }): string {
	if (job && organisation) return t('people.at', { job, organisation });
	return job || organisation;
}
