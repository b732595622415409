// Every key that means something, by where it does. The help sheet shows them.
import type { TextKey } from '#lib/text/text.svelte.ts';

const mac = typeof navigator !== 'undefined' && /Mac|iP(hone|ad)/.test(navigator.userAgent);
const control = mac ? 'Cmd' : 'Ctrl';

type Region = { title: TextKey; keys: { keys: string[][]; does: TextKey }[] };

export const regions: Region[] = [
	{
		title: 'keys.everywhere',
		keys: [
			{ keys: [[control, 'K']], does: 'keys.switcher' },
			{
				keys: [
					['Alt', '↑'],
					['Alt', '↓']
				],
				does: 'keys.rooms'
			},
			{
				keys: [
					['Alt', 'Shift', '↑'],
					['Alt', 'Shift', '↓']
				],
				does: 'keys.newRooms'
			},
			{ keys: [[control, '/']], does: 'keys.help' }
		]
	},
	{
		title: 'keys.list',
		keys: [
			{ keys: [['↑'], ['↓']], does: 'keys.walk' },
			{ keys: [['Home'], ['End']], does: 'keys.ends' },
			{ keys: [['Enter']], does: 'keys.tools' },
			{ keys: [['R']], does: 'keys.react' },
			{ keys: [['E']], does: 'keys.edit' },
			{ keys: [['T']], does: 'keys.reply' },
			{ keys: [['C']], does: 'keys.copy' },
			{ keys: [['U']], does: 'keys.unread' },
			{ keys: [['Delete']], does: 'keys.delete' },
			{ keys: [['Esc']], does: 'keys.toBox' },
			{ keys: [['?']], does: 'keys.help' }
		]
	},
	{
		title: 'keys.tool',
		keys: [
			{ keys: [['←'], ['→']], does: 'keys.between' },
			{ keys: [['Esc']], does: 'keys.toMessage' }
		]
	},
	{
		title: 'keys.box',
		keys: [
			{ keys: [[control, 'Enter']], does: 'keys.send' },
			{ keys: [['Shift', 'Enter']], does: 'keys.newLine' },
			{ keys: [['↑']], does: 'keys.editLast' },
			{ keys: [[control, 'B']], does: 'keys.bold' },
			{ keys: [[control, 'I']], does: 'keys.italic' },
			{ keys: [[control, 'E']], does: 'keys.code' },
			{ keys: [[control, 'Shift', 'K']], does: 'keys.link' },
			{ keys: [['@']], does: 'keys.mention' }
		]
	}
];
