import type { Attachment } from '#lib/api/types.ts';

/** sizeOf says how large a file is, as people say it: in kB up to a million bytes, then in MB. */
export function sizeOf(bytes: number, locale: string): string {
	const [amount, unit, digits] =
		bytes < 1e6 ? ([Math.max(1, bytes / 1e3), 'kilobyte', 0] as const) : ([bytes / 1e6, 'megabyte', 1] as const);
	return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: digits }).format(amount);
}

/** kindOf is the short name of a file's kind: its ending. */
export function kindOf(name: string): string {
	return /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toUpperCase() ?? '';
}

/** fit gives a picture the size it has in a message, so that nothing moves when it arrives. */
export function fit({ width, height }: Pick<Attachment, 'width' | 'height'>, most = { width: 360, height: 300 }) {
	const scale = Math.min(1, most.width / width, most.height / height);
	return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
