/**
 * Errors as n8n's versions throw them, each seen by trying: 1.100 and 2.41 wrap the system's error, 1.123 and 2.0 keep
 * its code as `httpCode` and its text in `messages` or `description`. Real sockets are in connection.test.ts.
 */
import type { Answer } from '../../../nodes/PrunaVideo/runpod/answer';
import { exchange, type RequestContext } from '../../../nodes/PrunaVideo/runpod/exchange';
import { mayRepeat } from '../../../nodes/PrunaVideo/runpod/verdicts';

function context(error: object): RequestContext {
	return {
		helpers: { httpRequestWithAuthentication: () => Promise.reject(error) },
	} as unknown as RequestContext;
}

const axios = (error: object) => Object.assign(new Error(), { name: 'AxiosError' }, error);
/** 1.100.1. */
const oldest = (code: string, syscall?: string) => ({
	cause: axios({ code, syscall, cause: Object.assign(new Error(), { code, syscall }) }),
});
/** 1.123.81 and 2.0.3. */
const lost = (httpCode: string, ...messages: string[]) => ({ httpCode, messages });
/** 2.0.3 where two addresses were tried. */
const described = (httpCode: string, description: string) => ({
	httpCode,
	description,
	messages: ['Error', 'Error'],
});
/** 2.41.1. */
const newest = (code: string, syscall?: string, message = '') => ({
	cause: axios({ code, message, cause: Object.assign(new Error(message), { code, syscall }) }),
});
/** 2.41.1 where several addresses were tried. */
const several = (...errors: Array<[code: string, syscall: string]>) => ({
	cause: axios({
		code: errors[0]?.[0],
		cause: Object.assign(new AggregateError(errors.map(([code, syscall]) => ({ code, syscall }))), {
			code: errors[0]?.[0],
		}),
	}),
});

const EARLY_END = 'Client network socket disconnected before secure TLS connection was established';
const NOT_TLS =
	'write EPROTO 40C7:error:0A00010B:SSL routines:ssl3_get_record:wrong version number';

const UNREACHED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];
const LOCAL = ['ENETDOWN', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'EMFILE'];
const CONNECTING = [...UNREACHED, ...LOCAL].flatMap((code): Array<[string, object, Answer]> => {
	const syscall = /^(ENOTFOUND|EAI)/.test(code) ? 'getaddrinfo' : 'connect';
	const answer: Answer = { kind: 'unreached', reason: code };
	return [
		[`${code} while connecting, 1.100`, oldest(code, syscall), answer],
		[`${code} while connecting, 1.123`, lost(code, `${syscall} ${code} 10.0.0.1:443`), answer],
		[`${code} while connecting, 2.0`, described(code, `${syscall} ${code} a.example`), answer],
		[`${code} while connecting, 2.41`, newest(code, syscall), answer],
		[`${code} at two addresses, 2.41`, several([code, syscall], [code, syscall]), answer],
	];
});

/** The same codes can end a connection that stands: where the step is not known, a job may have been accepted. */
const ANY_TIME = ['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EPIPE'];
const LATER = [...ANY_TIME, 'ECONNRESET'].flatMap((code): Array<[string, object, Answer]> => {
	const answer: Answer = { kind: 'interrupted', reason: code };
	return [
		[`${code} while reading, 1.100`, oldest(code, 'read'), answer],
		[`${code} while reading, 1.123`, lost(code, `read ${code}`), answer],
		[`${code} while writing, 2.41`, newest(code, 'write'), answer],
		[`${code} without a step, 1.100`, oldest(code), answer],
		[`${code} without a step, 1.123`, lost(code), answer],
		[`${code} without a step, 2.0`, described(code, 'The service could not be reached'), answer],
		[`${code} without a step, 2.41`, newest(code), answer],
	];
});

const refused = (reason: string): Answer => ({ kind: 'refused', reason });
const BLOCKED = refused("blocked by n8n's SSRF protection");

test.each<[string, object, Answer]>([
	...CONNECTING,
	...LATER,
	[
		'refused, without a step: nothing else is',
		lost('ECONNREFUSED', 'Error', 'Error'),
		{ kind: 'unreached', reason: 'ECONNREFUSED' },
	],
	[
		'not connected in time, 1.123',
		lost('ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:443'),
		{ kind: 'unreached', reason: 'ETIMEDOUT' },
	],
	[
		'no answer in time, 1.123',
		lost('ETIMEDOUT', 'read ETIMEDOUT'),
		{ kind: 'timedOut', reason: 'no answer within 1 s' },
	],
	[
		'no answer in time, by axios',
		newest('ECONNABORTED', undefined, 'timeout of 1000ms exceeded'),
		{ kind: 'timedOut', reason: 'no answer within 1 s' },
	],
	['TLS, not TLS at all, 2.41', newest('EPROTO', 'write', NOT_TLS), refused('EPROTO')],
	['TLS, not TLS at all, 1.123', lost('EPROTO', NOT_TLS), refused('EPROTO')],
	[
		'TLS, closed in the handshake',
		newest('ECONNRESET', undefined, EARLY_END),
		{ kind: 'unreached', reason: 'ECONNRESET' },
	],
	[
		'TLS, closed in the handshake, 1.123',
		lost('ECONNRESET', EARLY_END),
		{ kind: 'unreached', reason: 'ECONNRESET' },
	],
	[
		'TLS, a later fault of the same code',
		newest('EPROTO', 'write', 'write EPROTO: bad record mac'),
		{ kind: 'interrupted', reason: 'EPROTO' },
	],
	...[
		'DEPTH_ZERO_SELF_SIGNED_CERT',
		'SELF_SIGNED_CERT_IN_CHAIN',
		'CERT_HAS_EXPIRED',
		'ERR_TLS_CERT_ALTNAME_INVALID',
		'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	].flatMap(
		(code): Array<[string, object, Answer]> => [
			[`certificate: ${code}, 1.123`, lost(code, 'certificate'), refused(code)],
			[`certificate: ${code}, 2.41`, newest(code), refused(code)],
		],
	),
	[
		'blocked by n8n, 2.41',
		{
			message: 'The request was blocked because it resolves to a restricted IP address',
			cause: Object.assign(new Error('blocked'), { name: 'SsrfBlockedIpError' }),
		},
		BLOCKED,
	],
	[
		'an HTTP code is no system error',
		lost('502'),
		{ kind: 'interrupted', reason: 'no reason given' },
	],
	['nothing known', {}, { kind: 'interrupted', reason: 'no reason given' }],
	['no end to the causes', endless(), { kind: 'interrupted', reason: 'no reason given' }],
])('%s', async (_, error, expected) => {
	const request = { method: 'POST', url: 'http://127.0.0.1', timeoutMs: 1000 } as const;
	const answer = await exchange(context(error), request);
	expect(answer).toEqual(expected);
	expect(mayRepeat(answer, true)).toBe(expected.kind === 'unreached');
});

function endless(): object {
	const error: { cause?: object } = {};
	error.cause = error;
	return error;
}

test.each<[string, unknown, Answer]>([
	['nothing', undefined, { kind: 'interrupted', reason: 'the answer could not be read' }],
	['no status', { body: 'x' }, { kind: 'interrupted', reason: 'the answer could not be read' }],
	['no body', { statusCode: 204 }, { kind: 'answered', status: 204, headers: {}, body: '' }],
	[
		'a body that was read already',
		{ statusCode: 200, headers: { a: 'b' }, body: { id: 'x' } },
		{ kind: 'answered', status: 200, headers: { a: 'b' }, body: { id: 'x' } },
	],
	[
		'text',
		{ statusCode: 200, body: '{"id":1}' },
		{ kind: 'answered', status: 200, headers: {}, body: { id: 1 } },
	],
])('a response that is %s', async (_, response, expected) => {
	const helpers = { httpRequestWithAuthentication: async () => response };
	const caller = { helpers } as unknown as RequestContext;
	const request = { method: 'GET', url: 'http://127.0.0.1', timeoutMs: 1000 } as const;
	expect(await exchange(caller, request)).toEqual(expected);
});
