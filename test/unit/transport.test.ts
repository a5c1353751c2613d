import { exchange, type RequestContext } from '../../nodes/PrunaVideo/runpod/transport';

/** What n8n throws where no answer came: with the error that it wraps, or, in some versions, without it. */
function context(error: object): RequestContext {
	return {
		helpers: { httpRequestWithAuthentication: () => Promise.reject(error) },
	} as unknown as RequestContext;
}

const wrapped = (code: string, syscall: string) => ({ cause: { code, cause: { code, syscall } } });
const lost = (httpCode: string, ...messages: string[]) => ({ httpCode, messages });

test.each([
	['refused', wrapped('ECONNREFUSED', 'connect'), 'unreached', 'ECONNREFUSED'],
	[
		'refused, lost',
		lost('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'),
		'unreached',
		'ECONNREFUSED',
	],
	['no name, lost', lost('ENOTFOUND', 'getaddrinfo ENOTFOUND a.example'), 'unreached', 'ENOTFOUND'],
	['reset', wrapped('ECONNRESET', 'read'), 'interrupted', 'ECONNRESET'],
	['reset, lost', lost('ECONNRESET', 'read ECONNRESET'), 'interrupted', 'ECONNRESET'],
	['no route', wrapped('EHOSTUNREACH', 'connect'), 'unreached', 'EHOSTUNREACH'],
	['no route, lost', lost('EHOSTUNREACH', 'connect EHOSTUNREACH'), 'unreached', 'EHOSTUNREACH'],
	[
		'no route any more, lost',
		lost('EHOSTUNREACH', 'read EHOSTUNREACH'),
		'interrupted',
		'EHOSTUNREACH',
	],
	['no answer, lost', lost('ETIMEDOUT', 'read ETIMEDOUT'), 'timedOut', 'no answer within 1 s'],
	['not connected in time, lost', lost('ETIMEDOUT', 'connect ETIMEDOUT'), 'unreached', 'ETIMEDOUT'],
	['an HTTP code is no system error', lost('502'), 'interrupted', 'the connection broke'],
	['nothing known', {}, 'interrupted', 'the connection broke'],
])('%s', async (_, error, kind, reason) => {
	const request = { method: 'GET', url: 'http://127.0.0.1', timeoutMs: 1000 } as const;
	expect(await exchange(context(error), request)).toEqual({ kind, reason });
});
