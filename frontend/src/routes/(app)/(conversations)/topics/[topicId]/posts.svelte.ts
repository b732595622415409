// The posts of a topic as this page shows them: a stretch without gaps, grown at either end.
import { listPosts } from '#lib/api/endpoints.ts';
import type { ForumPost, PostPage } from '#lib/api/types.ts';

export class Posts {
	items = $state.raw<ForumPost[]>([]);
	hasBefore = $state(false);
	hasAfter = $state(false);
	loaded = $state(false);
	problem = $state<unknown>();
	#topic: string;
	#asking: Promise<void> = Promise.resolve();

	constructor(topic: string) {
		this.#topic = topic;
	}

	get last(): number {
		return this.items.at(-1)?.number ?? 0;
	}

	/** load begins at the first post, or around one. */
	load = (around?: number) =>
		this.#ask(
			() => (around ? { around } : {}),
			(page) => {
				this.items = page.items;
				this.hasBefore = page.hasBefore;
				this.hasAfter = page.hasAfter;
				this.loaded = true;
			}
		);

	earlier = () =>
		this.#ask(
			() => ({ before: this.items[0]?.number }),
			(page) => {
				this.items = [...page.items, ...this.items];
				this.hasBefore = page.hasBefore;
			}
		);

	later = () =>
		this.#ask(
			() => ({ after: this.last }),
			(page) => {
				this.items = [...this.items, ...page.items.filter((p) => p.number > this.last)];
				this.hasAfter = page.hasAfter;
			}
		);

	/** toEnd fetches whatever is left. */
	async toEnd(): Promise<void> {
		do await this.later();
		while (this.hasAfter && !this.problem);
	}

	/** again fetches one post that was changed. */
	async again(number: number): Promise<void> {
		const have = this.items.some((p) => p.number === number);
		if (!have) return;
		const { items } = await listPosts(this.#topic, { around: number, limit: 1 });
		for (const post of items) this.replace(post);
	}

	replace(post: ForumPost): void {
		this.items = this.items.map((p) => (p.id === post.id ? post : p));
	}

	/** #ask fetches one page after the other, each from where the one before it ended. */
	#ask(where: () => Parameters<typeof listPosts>[1], take: (page: PostPage) => void): Promise<void> {
		this.#asking = this.#asking.then(async () => {
			this.problem = undefined;
			try {
				take(await listPosts(this.#topic, where()));
			} catch (thrown) {
				this.problem = thrown;
			}
		});
		return this.#asking;
	}
}
