import { apiKeyProblem, readApiKey } from './apiKey';
import { baseUrlProblem, readBaseUrl } from './baseUrl';
import { Failure } from './failure';
import type { RequestContext } from './exchange';

/** How an execution reaches Runpod: the Base URL and the API key. */
export interface Connection {
	context: RequestContext;
	/** Without a trailing slash, such as `https://api.runpod.ai/v2`. */
	baseUrl: string;
	/** For removing it from everything that is shown; requests are signed by the credential itself. */
	apiKey: string;
}

/**
 * Reads the credential.
 *
 * @throws Failure where its base URL or key cannot be used; n8n's own error where there is no credential
 */
export async function connect(context: RequestContext): Promise<Connection> {
	const credentials = await context.getCredentials('prunaVideoRunpodApi');
	const { apiKey, baseUrl } = credentials;
	const url = readBaseUrl(baseUrl);
	const key = readApiKey(apiKey);
	const problem = baseUrlProblem(url) ?? apiKeyProblem(key);
	if (problem !== undefined) throw new Failure(problem.message, problem);
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
