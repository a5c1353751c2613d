/**
 * What people put in: rows from sheets, forms, chat bots, agents and Code nodes. Each becomes the request that is
 * written here, or is refused before anything is spent, by the name of its field and with a way out, never as a bug.
 */
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { CONTINUE, credentialsOf, shown, simulator, useSimulator } from './batch';
import { runNode, storeBinary, type EngineResult } from './engine';
import { PNG, sound } from './files';

useSimulator({ unknownAtFirst: 0 });

/** Text to video, but for what a row is about. */
async function generate(parameters: IDataObject, ...items: INodeExecutionData[]) {
	return await runNode({
		parameters: { resource: 'video', operation: 'generate', prompt: 'A fox', ...parameters },
		...(items.length > 0 && { items }),
		settings: CONTINUE,
		credentials: credentialsOf(simulator),
	});
}

/** A column in one field, a row for each value; `options.timeout` is in a collection. Undefined: no such column. */
async function give(path: string, ...values: unknown[]): Promise<EngineResult> {
	const [name = '', inCollection] = path.split('.');
	const field = '={{ $json.value }}';
	const items = values.map((value) => ({
		json: (value === undefined ? {} : { value }) as IDataObject,
	}));
	return await generate({ [name]: inCollection ? { [inCollection]: field } : field }, ...items);
}

/** What was sent, of `input` and beside it, or the error that the user reads. */
type Right = object | RegExp;
const ADVICE = expect.stringMatching(/\S\.$/);
const NONE = { image: undefined, audio: undefined };
const RUN = { operation: 'run' };
const NO_POLICY = { policy: undefined };
const must = (label: string, demand: string) =>
	new RegExp(`^'${label.replace(/[()]/g, '\\$&')}' must ${demand}`);

/** One right for each item, or one for all. */
function check(result: EngineResult, ...rights: Right[]): void {
	expect(shown(result)).not.toMatch(/\bbug\b|undefined|TypeError/);
	const all = result.items.map((_, index) => (rights.length === 1 ? rights[0]! : rights[index]!));
	for (const [index, { json }] of result.items.entries()) {
		const right = all[index]!;
		const job = simulator.ledger.find(String(json.id));
		if (right instanceof RegExp) {
			expect(json).toEqual({ ...json, error: expect.stringMatching(right), hint: ADVICE });
		} else {
			expect({ ...json, ...NONE, ...job, ...job?.input }).toMatchObject(right);
		}
	}
	const sent = all.filter((right) => !(right instanceof RegExp));
	expect(simulator.ledger.jobs).toHaveLength(sent.length);
}

describe('prompts', () => {
	const RAW = /^'Prompt' contains an expression that was not evaluated$/;
	const OBJECT = /^'Prompt' must be text, but an expression in it returned an object$/;
	const as = (what: string) => new RegExp(`^'Prompt' must say what the .* but is ${what}$`);

	test.each<[string | RegExp, ...unknown[]]>([
		['12', 12, '12', ['12']],
		['a fox runs', '\ude00a fox\u0000 runs', 'a fox runs😀'.slice(0, 11)],
		[RAW, 'A fox: {{ $json.prompt }}', 'A fox: {{\n$json.prompt\n}}'],
		[OBJECT, 'Cinematic shot: [object Object]', 'x[object Object]'],
		[as('(an object|a list|true)'), { scene: 'fox' }, ['A fox', 'A cat'], true],
		[as('".*"'), '\ud83d\u0000', '\u200b '],
		[as('empty'), '', null, undefined, [], [''], [null]],
	])('%s: %j', async (right, ...values) => {
		check(await give('prompt', ...values), typeof right === 'string' ? { prompt: right } : right);
	});

	test.each([
		'A neon sign {OPEN} and [an object], JSON {"a":1}',
		'a 👩‍🚀 flies 😀, line one\r\nline two\t"quoted" \\ <b>',
		'}} before {{',
	])('%j is sent as it is, and returned', async (prompt) => {
		const result = await give('prompt', prompt);
		check(result, { prompt });
		expect(result.items[0]?.json.prompt).toBe(prompt);
	});

	test('an object within a text, in each of three rows; fixed text that holds an expression', async () => {
		const rows = [1, 2, 3].map((scene) => ({ json: { scene: { scene } } }));
		check(await generate({ prompt: '=Cinematic shot: {{ $json.scene }}' }, ...rows), OBJECT);
		check(await generate({ prompt: 'A fox: {{ $json.prompt }}' }), RAW);
	});
});

const PAGE = 'https://x.test/a.png';

/** Every field that can be left empty: a value that is not its default, what is sent for it, and for its default. */
test.each<[path: string, label: string, value: unknown, sent: object, usual: object]>([
	['image', 'Image', PAGE, { image: PAGE }, { aspect_ratio: '16:9' }],
	['audio', 'Audio', PAGE, { audio: PAGE }, { duration: 5 }],
	['duration', 'Duration (Seconds)', '7', { duration: 7 }, { duration: 5 }],
	['resolution', 'Resolution', '1080p', { resolution: '1080p' }, { resolution: '720p' }],
	['draft', 'Draft Mode', 'true', { draft: true }, { draft: false }],
	['aspectRatio', 'Aspect Ratio', '9:16', { aspect_ratio: '9:16' }, { aspect_ratio: '16:9' }],
	['download', 'Download Video', 'no', {}, {}],
	['additionalFields.seed', 'Seed', '0', { seed: 0 }, { seed: expect.any(Number) }],
	['additionalFields.fps', 'Frames per Second', '48', { fps: 48 }, {}],
	['additionalFields.saveAudio', 'Save Audio', 'no', { save_audio: false }, {}],
	['additionalFields.promptUpsampling', 'Prompt Upsampling', 0, { prompt_upsampling: false }, {}],
	['additionalFields.additionalInput', 'Additional Input (JSON)', { a: 1 }, { a: 1 }, {}],
	['options.concurrency', 'Items in Parallel', '2', {}, {}],
	['options.timeout', 'Timeout (Seconds)', '60', {}, {}],
	['options.simplify', 'Simplify', 'on', {}, {}],
	['options.fileName', 'File Name', 'a', {}, {}],
	['options.binaryPropertyName', 'Put Output File in Field', 'video', {}, {}],
	['options.executionMode', 'Execution Mode', 'Async', RUN, { operation: 'runsync' }],
	['options.webhookUrl', 'Webhook URL', PAGE, { webhook: PAGE }, { webhook: undefined }],
	['options.cancelOnStop', 'Cancel on Stop', 'No', {}, {}],
	['options.cancelOnTimeout', 'Cancel on Timeout', 'YES', {}, {}],
	['options.resubmitUncertain', 'Resubmit Uncertain Jobs', 1, {}, {}],
	['options.sendFilesAs', 'Send Files As', 'Link', {}, {}],
	['options.endpointId', 'Endpoint ID', 'p-video', {}, {}],
	['options.policy', 'Policy (JSON)', '{"ttl":60000}', { policy: { ttl: 60_000 } }, NO_POLICY],
])('%s: empty, or a list', async (path, label, value, sent, usual) => {
	const result = await give(path, value, [value], undefined, null, '', ' \n', [], [value, value]);
	const ofFirst = ['options.concurrency', 'options.cancelOnStop'].includes(path);
	check(result, sent, sent, ...Array(5).fill(usual), ofFirst ? usual : must(label, '.* a list'));
});

test.each([undefined, null, '', []])('a limit of %j is not "no limit"', async (empty) => {
	for (const name of ['maxCostPerItem', 'maxCostPerExecution']) {
		check(await give(`options.${name}`, empty), /^'Max Cost .* must be an amount in US dollars/);
	}
	check(await give('options.maxCostPerItem', ['0,10']), {});
});

const DURATION = must('Duration (Seconds)', 'be a whole number from 1 to 10');
const SEED = must('Seed', 'be a whole number from 0 to 2147483647');
const SWITCH = must('Draft Mode', 'be true or false');
const RATIO = must('Aspect Ratio', 'be one of 16:9, 9:16, 4:3, 3:4, 3:2, 2:3, 1:1');
const SHARP = must('Resolution', 'be one of 720p, 1080p');
const FPS = must('Frames per Second', 'be one of 24, 48');
const URL = must('Webhook URL', 'be a URL that starts with http:// or https://');

/** The values as JSON. */
test.each<[path: string, values: string, right: Right]>([
	['duration', '["5,0", " 5 ", "+5", "5.00", 5]', { duration: 5 }],
	['duration', '["5,5", "5.5", 2.5, "5 s", "1e1", "0x5", "five", "1,000", "11", 0, {}]', DURATION],
	['additionalFields.seed', '[-1, 2147483648, "many", true]', SEED],
	['draft', '["yes", "On", "TRUE", " true ", "1", 1, true]', { draft: true }],
	['draft', '["no", "OFF", "False", "0", 0, false]', { draft: false }],
	['draft', '["maybe", 2, "y", {}]', SWITCH],
	[
		'aspectRatio',
		'["9:16 (Portrait)", "9:16 (PORTRAIT)", "9x16", " 9 / 16 "]',
		{ aspect_ratio: '9:16' },
	],
	['aspectRatio', '["5000x1", "portrait", "16:09:00", "9", 16, {}]', RATIO],
	['resolution', '["1080P", " 1080p"]', { resolution: '1080p' }],
	['resolution', '["huge", "4k", 1080]', SHARP],
	['additionalFields.fps', '["24 fps", 30]', FPS],
	['additionalFields.additionalInput', '["x", "[]", "5", 5]', /^'Additional Input \(JSON\)' must/],
	['options.sendFilesAs', '["data uri", "DATAURI"]', {}],
	['options.sendFilesAs', '["mail"]', must('Send Files As', 'be one of dataUri, link')],
	['options.webhookUrl', '["https://x.test/a b?c=%2F"]', { webhook: 'https://x.test/a%20b?c=%2F' }],
	['options.webhookUrl', '["localhost", "ftp://x.test", 5]', URL],
	['options.fileName', '[{}, true]', must('File Name', 'be text')],
	['options.binaryPropertyName', '[{}, true]', must('Put Output File in Field', 'be the name')],
	['options.endpointId', '["p video", "../health", {}]', must('Endpoint ID', 'contain only')],
	['options.policy', '["[1]", "ttl", 5]', must('Policy (JSON)', 'be a JSON object')],
])('%s of %s', async (path, values, right) => {
	check(await give(path, ...JSON.parse(values)), right);
});

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const BASE64 = PNG.toString('base64');
const SENT_PNG = { image: `data:image/png;base64,${BASE64}` };

/** A file as n8n keeps it in memory. */
function fileOf(content: Buffer, mimeType: string, fileName?: string) {
	return { data: content.toString('base64'), mimeType, ...(fileName && { fileName }) };
}

describe('optional pictures and sounds', () => {
	test.each<[string, string, object]>([
		['image', 'Image', { aspect_ratio: '16:9' }],
		['audio', 'Audio', { duration: 5 }],
	])('a batch in which one of six has an %s', async (name, label, instead) => {
		const result = await give(name, PAGE, '', undefined, ' ', null, []);
		const without = { [name]: undefined, ...instead };
		check(result, { [name]: PAGE }, ...Array(5).fill(without));
		const hints = result.hints.map(({ message }) => message);
		expect(hints).toContain(`'${label}' was empty for 5 items.`);
	});

	const PHOTOS = ['={{ $binary.photo }}', "={{ $('Source').item.binary?.photo }}"];
	test.each(PHOTOS)('one of two items has the file of %s', async (image) => {
		const binary = { photo: await storeBinary(PNG, 'image/png', 'a.png') };
		const result = await generate({ image }, { json: {}, binary }, { json: {} });
		check(result, SENT_PNG, { ...NONE, aspect_ratio: '16:9' });
	});

	test.each(['none', 'null', 'photo of my cat', '__proto__'])('no file %j', async (image) => {
		const files = { photo: fileOf(PNG, 'image/png'), data: fileOf(PNG, 'image/png') };
		const result = await generate({ image }, { json: {} }, { json: {}, binary: files });
		check(result, /^'Image': no file in field "/);
		expect(result.items[0]?.json.hint).toMatch(/^The item has no files\. Leave the field empty/);
		expect(result.items[1]?.json.hint).toMatch(/files are: photo, data\. Leave the field empty/);
	});
});

describe('files and their labels', () => {
	const isInstead = (what: string) =>
		new RegExp(`: the file is ${what}; use (jpg, png or webp|flac, mp3 or wav)$`);
	const uri = (type: string) => expect.stringMatching(`^data:${type};base64,[A-Za-z0-9+/]+=*$`);

	const FILES: Record<string, Buffer> = {
		'a sign-in page': latin1('<!DOCTYPE html><title>Sign in'),
		HEIC: latin1('\0\0\0\x18ftypheic'),
		Ogg: latin1('OggS\0\x02'),
		M4A: latin1('\0\0\0\x20ftypM4A '),
		PNG,
		JPEG: latin1('\xff\xd8\xff\xe0'),
		'who knows what': latin1('who knows'),
		WAV: sound('.wav'),
		MP3: sound('.mp3'),
		'MP3 with ID3': latin1('ID3\x04\0\0\0\0\0\0'),
	};

	test.each<[string, string, string, Right]>([
		['a sign-in page', 'image/png', 'a.png', isInstead('a web page')],
		['HEIC', 'image/jpeg', 'IMG_1.jpg', isInstead('HEIC')],
		['WAV', 'image/png', 'a.png', isInstead('WAV')],
		['who knows what', 'image/x', 'a.jpg', isInstead("of type 'image/x'")],
		['Ogg', 'audio/mpeg', 'voice.mp3', isInstead('Ogg')],
		['M4A', 'audio/mpeg', 'a.mp3', isInstead('M4A')],
		['PNG', 'image/jpeg', 'a.jpg', { image: uri('image/png') }],
		['PNG', 'text/plain', 'a.txt', { image: uri('image/png') }],
		['JPEG', 'image/jpeg', 'a', { image: uri('image/jpeg') }],
		['who knows what', 'image/png', 'a', { image: uri('image/png') }],
		['WAV', 'audio/mpeg', 'tts.mp3', { audio: uri('audio/wav') }],
		['MP3', 'audio/mpeg', 'a.mp3', { audio: uri('audio/mpeg') }],
		['MP3 with ID3', 'audio/mpeg', 'a', { audio: uri('audio/mpeg') }],
	])('%s labelled %s, %s', async (name, mimeType, fileName, right) => {
		const binary = { data: fileOf(FILES[name]!, mimeType, fileName) };
		const field = mimeType.startsWith('audio') ? 'audio' : 'image';
		check(await generate({ [field]: 'data' }, { json: {}, binary }), right);
	});

	const NO_CONTENT = /^'Image': the file has no content that can be read$/;
	const mimeType = 'image/png';
	const data = { type: 'Buffer', data: [...PNG] };

	test.each<[string, Right, ...unknown[]]>([
		['bytes as JSON', SENT_PNG, { data, mimeType }, { data }, data],
		['no type', SENT_PNG, { data: BASE64, mimeType: null, fileExtension: null }, { data: BASE64 }],
		['in lines', SENT_PNG, { data: BASE64.replace(/.{8}/, '$&\n'), mimeType: '' }],
		['a data URI', SENT_PNG, { data: SENT_PNG.image, mimeType }],
		['no data', NO_CONTENT, { mimeType, fileName: 'a.png' }, {}],
		['null', NO_CONTENT, { data: null, mimeType }, { data: { ...data, data: [] } }],
		['empty', /^'Image': the file is empty$/, { data: '', mimeType }, { data: ' ' }],
		['no bytes', NO_CONTENT, { data: 5 }, { data: 'a picture!' }, { data: { data: [0.5] } }],
		['no file', must('Image', 'be a file or a URL, but is (5|true)$'), 5, true],
		['bare text', /^'Image'(:| must)/, 'just text'],
	])('of a Code node: %s', async (_, right, ...files) => {
		const fields = files.map((file) => ({ json: {}, binary: { data: file as never } }));
		check(await generate({ image: 'data' }, ...fields), right);
		simulator.reset();
		check(await give('image', ...files), right);
	});
});

describe('links', () => {
	const LOGIN = /^'Image' points to a page of \w+ that needs a login, not to a file$/;
	const BOT = 'https://api.telegram.org/file/bot123456:AAE-secret/photos/file_0.jpg';

	test.each<[Right, ...string[]]>([
		[
			LOGIN,
			'https://files.slack.com/files-pri/T1-F2/p.png',
			'https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&ext=2&hash=x',
			'https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1',
		],
		[{ image: PAGE }, ` ${PAGE}\n`],
		[{ image: 'https://x.test/größe.png' }, 'https://x.test/größe.png'],
		[{ image: 'https://x.test/my%20a.jpeg?sig=a%2Fb' }, 'https://x.test/my a.jpeg?sig=a%2Fb'],
		[must('Image', 'be a URL'), 'https://', 'http:x', 'https://x.test/a\nb.png'],
		[/^'Image' is longer than 8000 characters$/, `https://x.test/${'a'.repeat(8000)}`],
		[/^'Image': no file in field "/, 'ftp://x.test/a.png', 'x.test/a.png'],
	])('%s: %s', async (right, ...links) => {
		check(await give('image', ...links), right);
	});

	test.each(['audio', 'options.webhookUrl'])('%s: not more than 8000 characters', async (path) => {
		const link = `https://x.test/${'a'.repeat(8000)}`;
		check(await give(path, link), /^'(Audio|Webhook URL)' is longer than 8000 characters$/);
	});

	test("a Telegram bot's token is shown nowhere", async () => {
		const spelled = ['HTTPS://API', 'api'].map((start) => BOT.replace('https://api', start));
		const results = [
			await give('image', BOT, BOT.replace('photos/', '\n'), ...spelled),
			await generate({ additionalFields: { additionalInput: { image: BOT } } }),
			await give('audio', BOT),
			await give('options.endpointId', BOT),
		];
		for (const result of results) {
			check(result, /^'/);
			expect(shown(result)).not.toMatch(/AAE-secret/i);
		}
		expect(results[0]?.items[0]?.json.error).toMatch(/^'Image' points to a page of Telegram/);
	});
});

test('file names that Windows and OneDrive take, the words kept', async () => {
	const names: Record<string, string> = {
		'Ad: 9 am? <a*b|c> "x"': 'Ad 9 am a b c x.mp4',
		"Who's there?": "Who's there.mp4",
		'../../etc/passwd': '..-..-etc-passwd.mp4',
		'größe 😀': 'größe 😀.mp4',
		'two\nlines\u0000 ': 'two lines.mp4',
		'???': expect.stringMatching(/^pruna-video-.+\.mp4$/) as never,
	};
	const items = Object.keys(names).map((name) => ({ json: { name } }));
	const options = { fileName: '={{ $json.name }}' };
	const result = await generate({ download: true, options }, ...items);
	expect(result.items.map(({ binary }) => binary?.data?.fileName)).toEqual(Object.values(names));
});
