/** The base URL as the user meant it: without spaces or line breaks around it, without slashes at its end. */
export function trimBaseUrl(value: unknown): string {
	return String(value ?? '')
		.trim()
		.replace(/\/+$/, '');
}

/** Whether requests can be sent below `url`. */
export function isHttpBaseUrl(url: string): boolean {
	try {
		const { protocol, search, hash } = new URL(url);
		return (protocol === 'https:' || protocol === 'http:') && search === '' && hash === '';
	} catch {
		return false;
	}
}
