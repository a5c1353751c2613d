/**
 * No text freezes n8n: whatever takes text from users, servers or strangers is given 200 000 characters of each shape
 * that a careless pattern is slow for. With a pattern that takes quadratic time, one such text takes minutes.
 */
import { readOptions } from '../../nodes/PrunaVideo/actions/options';
import { safeFileName } from '../../nodes/PrunaVideo/actions/video/output';
import { failedJob, noVideo } from '../../nodes/PrunaVideo/execution/withoutVideo';
import { InvalidParameter, shown } from '../../nodes/PrunaVideo/fields/field';
import { readLink } from '../../nodes/PrunaVideo/fields/links';
import { parseDataUri } from '../../nodes/PrunaVideo/fields/media';
import { formatOf } from '../../nodes/PrunaVideo/pvideo/formats';
import { MEDIA, PARAMETER_LIST } from '../../nodes/PrunaVideo/pvideo/parameters';
import { estimateCost } from '../../nodes/PrunaVideo/pvideo/input';
import { readVideoResult } from '../../nodes/PrunaVideo/pvideo/result';
import { unreachableFromOutside } from '../../nodes/PrunaVideo/runpod/address';
import { classifyError, readBeginning, readBody } from '../../nodes/PrunaVideo/runpod/answer';
import { checkCredential, withoutKey } from '../../nodes/PrunaVideo/runpod/connection';
import { Failure } from '../../nodes/PrunaVideo/runpod/failure';
import { retryAfterMs } from '../../nodes/PrunaVideo/runpod/http';
import { isJobId, reasonOf, readJob } from '../../nodes/PrunaVideo/runpod/job';
import { readKeyCheck } from '../../nodes/PrunaVideo/runpod/keyCheck';
import { explain } from '../../nodes/PrunaVideo/runpod/messages';
import {
	describeBody,
	plainText,
	plainUrl,
	readReason,
} from '../../nodes/PrunaVideo/runpod/reason';
import { judge, whatIsMissing } from '../../nodes/PrunaVideo/runpod/verdicts';
import { answered } from './runpod/answered';

const LENGTH = 200_000;
/** µs of CPU time, which other processes do not change; ordinary texts of this length take some thousands. */
const MOST_CPU = 300_000;

const OPTIONS = ['maxCostPerItem', 'fileName', 'endpointId', 'webhookUrl', 'policy', 'sendFilesAs'];
const item = { json: { data: { a: 1 } }, binary: {} };

const FUNCTIONS: Array<(text: string) => unknown> = [
	...PARAMETER_LIST.map(([, { field }]) => field.read),
	...OPTIONS.map((name) => (text: string) => readOptions(() => ({ [name]: text }))),
	(text) => MEDIA.image.read(text, item),
	(text) => MEDIA.audio.read({ data: text, mimeType: text, fileName: text }, item),
	...[shown, readLink, parseDataUri, safeFileName, unreachableFromOutside, readBody],
	...[readBeginning, isJobId, plainText, plainUrl, readReason, describeBody, retryAfterMs],
	(text) => formatOf('image', Buffer.from(text), { mimeType: text, fileName: text }),
	(text) => formatOf('audio', Buffer.from(text), { fileExtension: text, fileName: text }),
	(text) => estimateCost({ audio: text, resolution: text, duration: text }),
	(text) => readVideoResult({ result: text, cost: text }),
	(text) => checkCredential({ apiKey: text, baseUrl: 'https://a.example' }),
	(text) => checkCredential({ apiKey: 'x', baseUrl: text }),
	(text) => withoutKey(`${text}…`, 'rpa_0123456789'),
	(text) => classifyError({ message: text, description: text, messages: [text], code: 'EPIPE' }),
	(text) => [readJob({ id: text, status: text }), readKeyCheck(answered(404, text))],
	(text) => [401, 404, 503].map((status) => judge(answered(status, text))),
	(text) => [whatIsMissing(answered(404, text)), explain(answered(400, { error: text }), text)],
	(text) => reasonOf({ id: 'a', status: 'FAILED', raw: { error: text } }),
	(text) => noVideo({ id: 'a', status: 'COMPLETED', raw: { output: text } }, {}),
	(text) => failedJob({ id: 'a', status: 'FAILED', raw: { error: text } }, {}, { endpointId: 'p' }),
];

const SHAPES = [
	...'./[]{"\'0aé<%\\-=&?,:…;'.split(''),
	...'ab <a <script {{ }} [object data: data:a/b;c=d ;a=b http:// http://a.b/ \\"'.split(' '),
	...'_API_KEY {"a": {"a":"b"}, drive.google.com/file/d/a?usp= /blob/ \u200b \0 \ud83d'.split(' '),
	...[' ', '\n', '.mp4 ', 'Bearer ', '1 ', '00:00:00 ', 'Traceback (most recent call last)\n'],
];
const STARTS = ['', 'http://a', 'https://drive.google.com/', 'data:image/png;base64,', '{"id":"'];

/** In one piece of memory, as texts from outside are. */
function textOf(start: string, shape: string, length: number): string {
	const whole = start + shape.repeat(length / shape.length) + 'b';
	return Buffer.from(whole, 'utf16le').toString('utf16le');
}

/** In µs of CPU time. */
function costOf(read: (text: string) => unknown, text: string): number {
	const began = process.cpuUsage();
	try {
		read(text);
	} catch (error) {
		if (!(error instanceof InvalidParameter || error instanceof Failure)) throw error;
	}
	const { user, system } = process.cpuUsage(began);
	return user + system;
}

test.each(SHAPES)('%j', (shape) => {
	for (const start of STARTS) {
		// A tenth comes first, so that what is quadratic fails in a second.
		for (const share of [10, 1]) {
			const text = textOf(start, shape, LENGTH / share);
			for (const read of FUNCTIONS) {
				const cost = costOf(read, text);
				if (cost > MOST_CPU / share ** 0.5) throw new Error(`${read} of ${start}…: ${cost} µs`);
			}
		}
	}
});
