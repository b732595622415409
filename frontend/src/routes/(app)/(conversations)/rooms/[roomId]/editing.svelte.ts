// Which of my messages is open for editing: one at a time.
let id = $state<string>();

export const editing = {
	/** is says so of one message. */
	is: (message: string) => id === message,
	begin: (message: string) => void (id = message),
	end: () => void (id = undefined)
};
