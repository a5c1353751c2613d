/** What is kept of an answer: enough to read, never a file, a secret of a webhook, or more than n8n can hold. */
import {
	bounded,
	classifyError,
	readBeginning,
	readBody,
	type Answer,
} from '../../../nodes/PrunaVideo/runpod/answer';

const PNG = `data:image/png;base64,${'A'.repeat(4 * 1024 * 1024)}`;
const SHORT = 'data:image/png (3.0 MB)';
const hook = (url: unknown) => ({ webhook: url });
const film = { output: { video_url: 'https://a.example/v.mp4?sig=1' } };

test.each<[string, unknown, unknown]>([
	['text', 'Bad Gateway', 'Bad Gateway'],
	['nothing', '', ''],
	['a byte order mark before JSON', '\ufeff{"id":"a"}', { id: 'a' }],
	['a list', '[1,[2]]', [1, [2]]],
	['a data URI', { input: { image: PNG, fps: 24 } }, { input: { image: SHORT, fps: 24 } }],
	[
		'what is no data URI',
		{ input: { prompt: 'data: what I say' } },
		{ input: { prompt: 'data: what I say' } },
	],
	[
		'another data URI',
		{ a: `DATA:audio/mpeg;base64,${'A'.repeat(2048)}` },
		{ a: 'data:audio/mpeg (1.5 kB)' },
	],
	['data URIs in a list', { input: { images: [PNG] } }, { input: { images: [SHORT] } }],
	["a webhook's query", hook('https://a.example/h?token=s#x'), hook('https://a.example/h')],
	["a webhook's fragment", hook('https://a.example/h#s'), hook('https://a.example/h')],
	['a webhook that is no text', hook(7), hook(7)],
	['an address keeps its query', film, film],
	['other values', { a: null, b: true, c: 1.5 }, { a: null, b: true, c: 1.5 }],
	['a name that every object has', '{"__proto__":{"p":1}}', JSON.parse('{"__proto__":{"p":1}}')],
])('%s', (_, body, expected) => {
	const read = readBody(typeof body === 'string' ? body : JSON.stringify(body));
	expect(read).toEqual({ body: expected });
	expect(Object.hasOwn(Object.prototype, 'p')).toBe(false);
});

test.each([
	['[', ']'],
	['{"a":', '}'],
])('what is nested too deeply can be printed, and what is beside it stays: %s', (open, close) => {
	const deep = `${open.repeat(9_000)}1${close.repeat(9_000)}`;
	const { body } = readBody(`{"deep":${deep},"id":"job-1","output":{"cost":0.1}}`) ?? {};
	expect(body).toMatchObject({ id: 'job-1', output: { cost: 0.1 } });
	expect(JSON.stringify(body)).toContain('(nested too deeply)');
	expect(JSON.stringify(body).length).toBeLessThan(1_000);
	expect(JSON.stringify(bounded(JSON.parse(deep))).length).toBeLessThan(1_000);
});

test.each([
	['[', '['],
	['[', '[],'],
	['[', '{},'],
	['[', '1,'],
	['{"a":', '{"a":'],
	['{', '"k":1,'],
])('31 MB of %s%s… are not read', (open, part) => {
	const first = open.padStart(part.length);
	const text = Buffer.alloc(31e6, part).fill(first, 0, part.length).toString();
	expect(readBody(text)).toBeUndefined();
});

const ID = 'sync-1-u1';
const TIMES = { delayTime: 12, error: null };
test.each([
	['whole', '{"id":"a","status":"IN_QUEUE"}', { id: 'a', status: 'IN_QUEUE' }],
	['behind the ID', `{"delayTime":12,"error":null,"id":"${ID}"`, { ...TIMES, id: ID }],
	['behind its comma', ` {"id": "${ID}",`, { id: ID }],
	['in the status', `{"id":"${ID}","status":"COMPL`, { id: ID }],
	['in the output', `{"id":"${ID}","status":"X","output":{"id":"x"`, { id: ID, status: 'X' }],
	['in the ID', '{"id":"sync-1', {}],
	['in an ID that is a number', '{"id":12', {}],
	['behind an escaped quote', '{"id":"a\\"', {}],
	['never begun', '<p>{"id":"a"}', {}],
])('of an answer that was cut is read, %s: %s', (_, text, expected) => {
	expect(readBeginning(text)).toEqual(expected);
});

/**
 * Errors as n8n's versions throw them, each seen by trying: 1.100 and 2.41 wrap the system's error, 1.123 and 2.0 keep
 * its code as `httpCode` and its text in `messages` or `description`.
 */
const wrapped = (code: string, syscall?: string, message = '') => ({
	cause: { name: 'AxiosError', code, cause: Object.assign(new Error(message), { code, syscall }) },
});
const flat = (httpCode: string, text = 'Error') => ({ httpCode, messages: ['Error', text] });
const described = (httpCode: string, description: string) => ({ httpCode, description });
const atTwoAddresses = (code: string, syscall: string) => ({
	cause: { code, cause: Object.assign(new AggregateError([{ code, syscall }]), { code }) },
});

const UNREACHED = 'ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETDOWN EACCES ETIMEDOUT';
test.each(UNREACHED.split(' '))('%s while connecting: nothing was sent', (code) => {
	const step = /^(ENOTFOUND|EAI)/.test(code) ? 'getaddrinfo' : 'connect';
	const text = `${step} ${code} 10.0.0.1:443`;
	const all = [
		wrapped(code, step),
		atTwoAddresses(code, step),
		flat(code, text),
		described(code, text),
	];
	const unreached = { kind: 'unreached', reason: code };
	for (const error of all) expect([error, classifyError(error)]).toEqual([error, unreached]);
});

/** The same codes can end a connection that stands: where the step is not known, a job may have been accepted. */
const LATER = 'EHOSTUNREACH ENETUNREACH ENETDOWN EADDRNOTAVAIL ENOTFOUND EPIPE ECONNRESET';
test.each(LATER.split(' '))('%s later, or nobody knows when: a job may run', (code) => {
	const known = [flat(code, `read ${code}`), wrapped(code, 'write')];
	const all = [...known, wrapped(code), flat(code), described(code, 'It could not be reached')];
	const interrupted = { kind: 'interrupted', reason: code };
	for (const error of all) expect([error, classifyError(error)]).toEqual([error, interrupted]);
});

const CERTIFICATES = 'DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN CERT_HAS_EXPIRED';
const OTHERS = 'ERR_TLS_CERT_ALTNAME_INVALID UNABLE_TO_VERIFY_LEAF_SIGNATURE';
test.each([CERTIFICATES, OTHERS].join(' ').split(' '))('%s is a certificate', (code) => {
	const refused = { kind: 'refused', reason: code, isCertificate: true };
	for (const error of [flat(code), wrapped(code)]) expect(classifyError(error)).toEqual(refused);
});

const NO_TLS = 'write EPROTO 40C7:error:0A00010B:SSL routines:ssl3_get_record:wrong version number';
const LOST = 'Client network socket disconnected before secure TLS connection was established';
const BLOCKED = "blocked by n8n's SSRF protection";
const ssrf = Object.assign(new Error('x'), { name: 'SsrfBlockedIpError' });
const endless: { cause?: object } = {};
endless.cause = endless;

test.each<[what: string, error: unknown, kind: Answer['kind'] | 'timeout', reason?: string]>([
	['refused: at no other step', flat('ECONNREFUSED'), 'unreached', 'ECONNREFUSED'],
	['no answer in time', flat('ETIMEDOUT', 'read ETIMEDOUT'), 'timeout', ''],
	['no answer in time, by axios', wrapped('ECONNABORTED'), 'timeout', ''],
	['not TLS at all', wrapped('EPROTO', 'write', NO_TLS), 'refused', 'EPROTO'],
	['not TLS at all, flat', flat('EPROTO', NO_TLS), 'refused', 'EPROTO'],
	['no common TLS', flat('EPROTO', 'ssl/tls alert handshake failure'), 'refused', 'EPROTO'],
	['lost in the handshake', wrapped('ECONNRESET', undefined, LOST), 'unreached', 'ECONNRESET'],
	['lost in the handshake, flat', flat('ECONNRESET', LOST), 'unreached', 'ECONNRESET'],
	['a later fault of TLS', flat('EPROTO', 'write EPROTO: bad mac'), 'interrupted', 'EPROTO'],
	['blocked by n8n', { message: 'It resolves to a restricted IP address' }, 'refused', BLOCKED],
	['blocked by n8n, by its class', { message: 'x', cause: ssrf }, 'refused', BLOCKED],
	['an HTTP code', flat('502'), 'interrupted', 'no reason given'],
	['nothing known', {}, 'interrupted', 'no reason given'],
	['no end to the causes', endless, 'interrupted', 'no reason given'],
])('thrown: %s', (_, error, kind, reason) => {
	expect(classifyError(error)).toEqual(kind === 'timeout' ? undefined : { kind, reason });
});
