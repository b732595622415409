// Whether this window is the one that is looked at. What is on its screen then counts as read.
class Attention {
	here = $state(document.hasFocus() && !document.hidden);

	constructor() {
		const look = () => (this.here = document.hasFocus() && !document.hidden);
		addEventListener('focus', look);
		addEventListener('blur', look);
		document.addEventListener('visibilitychange', look);
	}
}

export const attention = new Attention();
