// The eight reactions, in the order in which they are offered.
import type { Message, Reaction, ReactionName } from '#lib/api/types.ts';
import { t, type TextKey } from '#lib/text/text.svelte.ts';

export const reactions: { name: ReactionName; sign: string; label: TextKey }[] = [
	{ name: 'thumbs-up', sign: '👍', label: 'message.thumbsUp' },
	{ name: 'heart', sign: '❤️', label: 'message.heart' },
	{ name: 'celebrate', sign: '🎉', label: 'message.celebrate' },
	{ name: 'clap', sign: '👏', label: 'message.clap' },
	{ name: 'smile', sign: '😊', label: 'message.smile' },
	{ name: 'thinking', sign: '🤔', label: 'message.thinking' },
	{ name: 'thanks', sign: '🙏', label: 'message.thanks' },
	{ name: 'check', sign: '✅', label: 'message.check' }
];

/** isMine tells whether a reaction is the reader's too. What came live does not say, but names the first thirty. */
export const isMine = (reaction: Reaction | undefined, me: string | undefined): boolean =>
	reaction?.mine ?? reaction?.people.some((p) => p.id === me) ?? false;

/** keepMine carries over, from what was known before, whose a reaction is that has more people than are named. */
export function keepMine(before: Message, now: Message): Message {
	const unsure = (r: Reaction) => r.mine === undefined && r.count > r.people.length;
	if (!now.reactions?.some(unsure)) return now;
	const mine = (name: string) => before.reactions?.find((r) => r.name === name)?.mine;
	return { ...now, reactions: now.reactions.map((r) => (unsure(r) ? { ...r, mine: mine(r.name) } : r)) };
}

/** whoReacted names the people of a reaction, and counts those that are not named. */
export function whoReacted({ people, count }: Reaction): string {
	const names = people.map((p) => p.name).join(', ');
	const others = count - people.length;
	return others > 0 ? `${names} ${t('message.others', { count: others })}` : names;
}
