/** The credential as the user meant it, and credentials that are refused before the key is sent. */
import { checkCredential, withoutKey } from '../../../nodes/PrunaVideo/runpod/connection';

const KEY = 'rpa_0123456789';
const DEFAULT = 'https://api.runpod.ai/v2';
const connect = (baseUrl: unknown, apiKey: unknown) =>
	checkCredential({ baseUrl, apiKey } as never);

test.each<[unknown, string]>([
	...['', ' \n', undefined, null, `${DEFAULT}/`].map((url): [unknown, string] => [url, DEFAULT]),
	[' \n https://a.example/v2// \r\n', 'https://a.example/v2'],
	...[
		...['HTTPS://A.example:8443/runpod/v2', 'https://a.example/user@team/v2'],
		...['http://localhost:3000/v2', 'http://127.9.9.9/v2', 'http://[::1]:3000/v2'],
	].map((url): [unknown, string] => [url, url]),
])('the Base URL %j', (value, baseUrl) => {
	expect(connect(value, KEY)).toEqual({ baseUrl, apiKey: KEY });
});

const URL_PROBLEMS = {
	'is not a URL that starts with https://':
		'api.runpod.ai/v2 https:api.runpod.ai/v2 https:// ftp://a.example/v2 file:///v2 https://a.b/\0x',
	"contains a '?' or '#'": 'https://a.example/v2? https://a.example/v2?b=c https://a.example/v2#',
	'contains a user name or password':
		'https://u:secret@a.example/v2 https://u@a.example https://:secret@a.b http://127.0.0.1@a.b',
	'starts with http://, which would send the API key unencrypted':
		'http://a.example/v2 http://10.0.0.1/v2 http://localhost.a.b/v2 http://127.0.0.1.a.b/v2',
};

test.each(Object.entries(URL_PROBLEMS))(
	'a Base URL that %s is refused, but not shown',
	(what, urls) => {
		const message = `The credential's 'Base URL' ${what}`;
		for (const url of urls.split(' ')) expect(() => connect(url, KEY)).toThrow(new Error(message));
	},
);

test.each(['https://a.b/v 2', 'https://a.b\n/v2', `https://a.b/${'x'.repeat(8_000)}`])(
	'nor is %.30j',
	(url) => {
		expect(() => connect(url, KEY)).toThrow('is not a URL');
	},
);

test.each([
	...[KEY, ` ${KEY}\n`, `"${KEY}"`, `'${KEY}'`, `\`${KEY}\``, `Bearer ${KEY}`, `bearer  ${KEY}`],
	...[`"Bearer ${KEY}"`, `Bearer "${KEY}"`, `Authorization: Bearer ${KEY}`, `Authorization:${KEY}`],
	...[`RUNPOD_API_KEY=${KEY}`, `RUNPOD_API_KEY="${KEY}"`, `export RUNPOD_API_KEY='${KEY}';`],
	...[`API_KEY: ${KEY}`, `runpod_api_key = ${KEY}`],
])('the key, pasted as %j', (pasted) => {
	expect(connect('', pasted).apiKey).toBe(KEY);
});

test.each<[string, unknown[]]>([
	['is missing', ['', ' \n', undefined, null, '""', 'RUNPOD_API_KEY=']],
	['contains invalid characters', ['rpa_ü', 'rpa_\u200b1', 'rpa 1', 'rpa_1\nrpa_2', '••••••••']],
])('a key that %s', (what, keys) => {
	for (const key of keys) expect(() => connect('', key)).toThrow(`The API key ${what}`);
});

const QUOTED = 'rpa_"012345';
test.each([
	[KEY, `a ${KEY} b ${KEY}.`, 'a *** b ***.'],
	[KEY, 'cut at its last character: rpa_012345678…', 'cut at its last character: ***…'],
	[KEY, `"rpa_0123…" and ${KEY}`, '"***…" and ***'],
	[KEY, 'what begins like it: rpa_0123 and rpa_01…', 'what begins like it: rpa_0123 and rpa_01…'],
	[QUOTED, `${QUOTED} in JSON: ${JSON.stringify([QUOTED])}`, '*** in JSON: ["***"]'],
	['short', 'a short text', 'a short text'],
	['', 'a text…', 'a text…'],
	[undefined, 'a text…', 'a text…'],
])('the key %j is taken out of %j', (key, text, expected) => {
	expect(withoutKey(text, key)).toBe(expected);
});
