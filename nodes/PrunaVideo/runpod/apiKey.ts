import type { CredentialProblem } from './baseUrl';

/** The credential's API key without the spaces and line breaks that may have been copied with it. */
export function readApiKey(value: unknown): string {
	return String(value ?? '').trim();
}

/** Why `key`, as `readApiKey` returns it, cannot be sent; undefined if it can. */
export function apiKeyProblem(key: string): CredentialProblem | undefined {
	const description = 'Open the credential Pruna Video Runpod API and paste the key again.';
	if (key === '') return { message: 'The API key is missing', description };
	// An HTTP header cannot hold them; a copied key may contain an invisible one.
	if (/[^\x20-\x7e]/.test(key)) {
		return { message: 'The API key contains invalid characters', description };
	}
	return undefined;
}
