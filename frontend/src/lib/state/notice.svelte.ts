// One short sentence at the foot of the screen, read out politely: "Saved". Never the only place for an error.
class Notice {
	text = $state('');
	#timer: ReturnType<typeof setTimeout> | undefined;

	say(text: string): void {
		clearTimeout(this.#timer);
		this.text = text;
		this.#timer = setTimeout(() => (this.text = ''), 6000);
	}
}

export const notice = new Notice();
