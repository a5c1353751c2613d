import { isHttpBaseUrl, trimBaseUrl } from './baseUrl';
import { Failure } from './failure';
import type { RequestContext } from './transport';

/** Where and as whom an execution speaks to Runpod. */
export interface Connection {
	context: RequestContext;
	/** Without a trailing slash, such as `https://api.runpod.ai/v2`. */
	baseUrl: string;
	/** For taking it out of everything that is shown; requests are signed by the credential itself. */
	apiKey: string;
}

/**
 * Reads the credential.
 *
 * @throws Failure where its base URL is no http(s) address; n8n's own error where there is no credential
 */
export async function connect(context: RequestContext): Promise<Connection> {
	const credentials = await context.getCredentials('runpodApi');
	const { apiKey, baseUrl } = credentials;
	const url = trimBaseUrl(baseUrl);
	if (!isHttpBaseUrl(url)) {
		throw new Failure("The credential's 'Base URL' is not an address that starts with https://", {
			description: 'Open the credential Runpod API and set it to https://api.runpod.ai/v2.',
		});
	}
	const key = String(apiKey ?? '').trim();
	// An HTTP header cannot hold them; a copied key may bring an invisible one along.
	if (/[^\x20-\x7e]/.test(key)) {
		throw new Failure('The API key holds characters that no key has', {
			description: 'Open the credential Runpod API and paste the key again.',
		});
	}
	const { helpers, logger } = context;
	return {
		context: {
			helpers,
			logger,
			getNode: () => context.getNode(),
			// n8n would read and decrypt it again for every request, polls included.
			getCredentials: async () => ({ ...credentials }),
		},
		baseUrl: url,
		apiKey: key,
	};
}
