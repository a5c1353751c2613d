/** A shorter one is not a Runpod key; removing it from every text would corrupt addresses and IDs. */
const SHORTEST_KEY = 8;

/**
 * Takes the API key out of a text, plain or JSON, in case a server or a field repeats it; also the beginning of one
 * that was cut where a field's value was shortened.
 */
export function withoutKey(text: string, apiKey: string | undefined): string {
	if (apiKey === undefined || apiKey.length < SHORTEST_KEY) return text;
	const inJson = JSON.stringify(apiKey).slice(1, -1);
	let clean = text.replaceAll(apiKey, '***').replaceAll(inJson, '***');
	for (let left = apiKey.length - 1; left >= SHORTEST_KEY && clean.includes('…'); left--) {
		clean = clean.replaceAll(`${apiKey.slice(0, left)}…`, '***…');
	}
	return clean;
}
