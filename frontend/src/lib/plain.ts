/** plainText is what a message says, without its form. The HTML is the server's; it is read and never shown as such. */
export function plainText(html: string): string {
	const text = new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '';
	return text.replace(/\s+/gu, ' ').trim();
}
