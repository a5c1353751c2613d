import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	INode,
	Logger,
} from 'n8n-workflow';
import { LABELS } from '../labels';
import { LONGEST_URL } from '../uri';
import { isLoopback } from './address';
import { Failure } from './failure';

export const DEFAULT_BASE_URL = 'https://api.runpod.ai/v2';

/** The part of n8n's context that is needed to call Runpod; nodes and webhooks both have it. */
export interface RequestContext {
	helpers: Pick<
		IExecuteFunctions['helpers'],
		'httpRequest' | 'httpRequestWithAuthentication' | 'prepareBinaryData' | 'getBinaryMetadata'
	>;
	getCredentials(type: string): Promise<ICredentialDataDecryptedObject>;
	getNode(): INode;
	logger: Logger;
}

/** n8n's name for a stream of Node.js's, whose module a community node cannot import. */
export type Stream = Exclude<
	Parameters<RequestContext['helpers']['prepareBinaryData']>[0],
	Buffer | Uint8Array
>;

export function isStream(body: unknown): body is Stream {
	return typeof body === 'object' && body !== null && 'pipe' in body && 'destroy' in body;
}

export interface Connection {
	context: RequestContext;
	/** Without a trailing slash, such as `https://api.runpod.ai/v2`. */
	baseUrl: string;
	/** For removing it from everything that is shown; requests are signed by the credential itself. */
	apiKey: string;
}

/**
 * Reads the credential.
 * @throws Failure where its base URL or key cannot be used; n8n's own error where there is no credential
 */
export async function connect(context: RequestContext): Promise<Connection> {
	const credentials = await context.getCredentials('prunaVideoRunpodApi');
	const { helpers, logger } = context;
	return {
		...checkCredential(credentials),
		// Only these members: n8n would read and decrypt the credential again for every request, and replace the abort
		// signal of a request by the execution's own where there is `getExecutionCancelSignal`. Ours also ends at the
		// time limit, and a job's `/cancel` has to be sent after a stop.
		context: {
			helpers,
			logger,
			getNode: () => context.getNode(),
			getCredentials: async () => ({ ...credentials }),
		},
	};
}

/**
 * The credential as the user meant it.
 * @throws Failure where it cannot be used; its texts contain nothing that the user entered
 */
export function checkCredential({ apiKey, baseUrl }: ICredentialDataDecryptedObject): {
	apiKey: string;
	baseUrl: string;
} {
	const url = readBaseUrl(baseUrl);
	const key = readApiKey(apiKey);
	const problem = baseUrlProblem(url);
	if (problem !== undefined) {
		throw new Failure(`The credential's '${LABELS.baseUrl}' ${problem}`, {
			description: `Open the credential Pruna Video Runpod API and set it to ${DEFAULT_BASE_URL}.`,
		});
	}
	// An HTTP header cannot hold them; a copied key may contain an invisible one.
	if (key === '' || /[^\x21-\x7e]/.test(key)) {
		throw new Failure(`The API key ${key === '' ? 'is missing' : 'contains invalid characters'}`, {
			description: 'Open the credential Pruna Video Runpod API and paste the key again.',
		});
	}
	return { apiKey: key, baseUrl: url };
}

/** The key without what people copy with it: spaces, line breaks, quotes, `Bearer`, `RUNPOD_API_KEY=`. */
export function readApiKey(value: unknown): string {
	const text = String(value ?? '').trim();
	const [, key = ''] =
		/^(?:(?:export\s+)?\w*API_KEY\s*[=:]|Authorization\s*:)?\s*["'`]?(?:Bearer\s+)?["'`]?(.*?)["'`]?;?$/is.exec(
			text.slice(0, LONGEST_URL),
		) ?? [];
	return key.trim();
}

function readBaseUrl(value: unknown): string {
	const text = String(value ?? '').trim();
	// A lookbehind, so that a text of slashes does not take quadratic time.
	const url = text.slice(0, LONGEST_URL + 1).replace(/(?<!\/)\/+$/, '');
	return url === '' ? DEFAULT_BASE_URL : url;
}

/** Why `url` cannot be used for requests; undefined if it can. */
function baseUrlProblem(url: string): string | undefined {
	const isUrl = /^https?:\/\/[^\s\p{Cc}]+$/iu.test(url) && URL.canParse(url);
	if (!isUrl || url.length > LONGEST_URL) return 'is not a URL that starts with https://';
	// The parser drops an empty query or fragment, which would still cut off the path that is appended.
	if (/[?#]/.test(url)) return "contains a '?' or '#'";
	const { protocol, hostname, username, password } = new URL(url);
	if (username !== '' || password !== '') return 'contains a user name or password';
	return protocol === 'http:' && !isLoopback(hostname)
		? 'starts with http://, which would send the API key unencrypted'
		: undefined;
}

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
	// Only our own texts are cut in this way.
	const mayBeCut = text.length < 100_000 && text.includes('…');
	for (let left = apiKey.length - 1; left >= SHORTEST_KEY && mayBeCut; left--) {
		clean = clean.replaceAll(`${apiKey.slice(0, left)}…`, '***…');
	}
	return clean;
}
