/** The code of one of Node's own errors, e.g. `EEXIST`; `instanceof Error` would not know those of another realm (jest). */
export function codeOf(error: unknown): unknown {
	return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
