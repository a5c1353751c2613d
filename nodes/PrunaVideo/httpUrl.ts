/** Longer than any URL that servers accept. */
export const LONGEST_URL = 8_000;

/** Whether `value` is a whole http or https URL. */
export function isHttpUrl(value: unknown): value is string {
	if (typeof value !== 'string' || value.length > LONGEST_URL) return false;
	return /^https?:\/\/[^/]/i.test(value) && URL.canParse(value);
}
