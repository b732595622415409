// Whether new messages are read out to a screen reader. Kept on this device.
const key = 'gh-announce';

function kept(): boolean {
	try {
		return localStorage.getItem(key) !== 'off';
	} catch {
		return true;
	}
}

let on = $state(kept());

export const announcing = {
	get on() {
		return on;
	},
	set on(to: boolean) {
		on = to;
		try {
			localStorage.setItem(key, to ? 'on' : 'off');
		} catch {
			// Storage may be shut off by policy. The choice then lasts for this visit.
		}
	}
};
