/** `npm run check:live`: asks the real Runpod what this node relies on, and prints its answers; for whoever has a key. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { jsonParse } from 'n8n-workflow';
import { request } from 'undici';
import { at } from '../n8n/json';
import { hum, PICTURE } from './files';

const HELP = `Asks the real Runpod what this node relies on. The key comes from RUNPOD_API_KEY, and a restricted
one, which is asked about too, from RUNPOD_RESTRICTED_API_KEY.

  npm run check:live                       questions that cost nothing; then drafts, if you agree
  npm run check:live -- --yes              without asking before it spends
  npm run check:live -- --webhook URL      a public address that leads to port 8283 of this machine (--port for another),
                                           as a tunnel has it: what a webhook call looks like
  npm run check:live -- --base-url URL     another address, for example the simulator's`;

/** USD, for all drafts. */
const BUDGET = 0.15;
const LONGEST_JOB_MS = 600_000;
const WEBHOOK_MS = 30_000;
const RUNPOD = 'https://api.runpod.ai/v2';
/** Runpod's books are at another of its hosts; the simulator has both. */
const BOOKS = 'https://api.runpod.io/v2';

interface Question {
	about: string;
	/** Method and path, or whole address. */
	to: string;
	body?: string;
	/** Another than the user's. */
	key?: string;
	/** By Runpod's pages, or by what others saw. */
	expected: string;
}

const MADE_UP = '00000000-0000-4000-8000-000000000000-u1';
const STATUS = `GET /p-video/status/${MADE_UP}`;
const LARGE = '{}'.padEnd(10 * 2 ** 20 + 1);

const FREE: readonly Question[] = [
	{ about: 'a made-up job', to: STATUS, expected: '404, job' },
	{ about: 'with a wrong key', to: STATUS, key: 'rpa_wrong', expected: '401' },
	{ about: 'without a key', to: STATUS, key: '', expected: '401' },
	{ about: 'a made-up endpoint', to: `GET /nothing/status/${MADE_UP}`, expected: '404, endpoint' },
	{ about: 'health', to: 'GET /p-video/health', expected: '200, or 401 to any key' },
	{ about: 'the long look', to: `GET /p-video/status-sync/${MADE_UP}`, expected: '404, job' },
	{ about: 'cancel', to: `POST /p-video/cancel/${MADE_UP}`, expected: '404' },
	{ about: 'retry', to: `POST /p-video/retry/${MADE_UP}`, expected: '404' },
	{ about: 'no input', to: 'POST /p-video/run', body: '{}', expected: '400' },
	{
		about: 'what public endpoints cost today, without jobs',
		to: `GET ${BOOKS}/billing/endpoints?lastN=1`,
		expected: '200 {records: [{startTime, endTime, totalAmount}], metadata: {totals}}',
	},
	{ about: 'too large', to: 'POST /p-video/run', body: LARGE, expected: '413, 400 or 502' },
];

/** With a restricted key; whether such a key reaches public endpoints is written nowhere. */
const RESTRICTED: readonly Question[] = [
	{ about: 'a restricted key looks at a job', to: STATUS, expected: '404, or 401 or 403' },
	{
		about: 'a restricted key submits, without input',
		to: 'POST /p-video/run',
		body: '{}',
		expected: '400, or 401 or 403',
	},
];

interface Draft {
	about: string;
	/** USD at most, where Runpod bills half a cent for a second of draft in 720p and a cent in 1080p. */
	most: number;
	input: object;
}

const SCENE = { prompt: 'A red ball rolls over a white table', draft: true, seed: 2026 };
const SECOND = { ...SCENE, duration: 1 };
const FRAMES = { image: PICTURE, last_frame_image: PICTURE };
const NOWHERE = 'https://example.com/there-is-no-such-image.png';

const DRAFTS: readonly Draft[] = [
	{ about: 'one second', most: 0.005, input: SECOND },
	{ about: '1080p, 48 fps', most: 0.01, input: { ...SECOND, resolution: '1080p', fps: 48 } },
	{ about: 'an image that is not there', most: 0.005, input: { ...SECOND, image: NOWHERE } },
	{ about: 'last_frame_image, files as data URIs', most: 0.005, input: { ...SECOND, ...FRAMES } },
	{
		about: 'save_audio: false',
		most: 0.005,
		input: { ...SCENE, audio: hum(1), save_audio: false },
	},
	// Billed as 12.4 s, or as 13.
	{ about: '12.4 s of audio', most: 0.065, input: { ...SCENE, audio: hum(12.4) } },
	// Not knowing better, Runpod may make the 10 s that its page calls the longest.
	{ about: 'a WAV without a length', most: 0.05, input: { ...SCENE, audio: hum(1, false) } },
];

/** Going on would be wrong; the message is for the user. */
class Stop extends Error {}

/** At least two digits behind the point: $0.10, $0.005. */
const usd = (amount: number) => `$${amount.toFixed(6).replace(/0{1,4}$/, '')}`;

interface Options {
	baseUrl: string;
	apiKey: string;
	restrictedKey: string;
	/** Where Runpod can call this program, and the port that leads to. */
	webhook?: string | undefined;
	port: number;
}

class LiveCheck {
	/** USD: what Runpod said, and what may be billed where it said nothing. */
	spent = 0;

	constructor(private readonly options: Options) {}

	say(line: string): void {
		const { apiKey, restrictedKey } = this.options;
		const shown = line.replaceAll(apiKey, '<key>');
		console.log(restrictedKey ? shown.replaceAll(restrictedKey, '<restricted key>') : shown);
	}

	/** Sends it once, and prints what came. Rejects where nothing did. */
	private async ask({ to, body, key = this.options.apiKey }: Omit<Question, 'about' | 'expected'>) {
		const { baseUrl } = this.options;
		const [method = '', path = ''] = to.split(' ');
		const books = baseUrl === RUNPOD ? BOOKS : baseUrl;
		const address = path.startsWith('/') ? baseUrl + path : path.replace(BOOKS, books);
		const began = performance.now();
		const { statusCode, headers, ...answer } = await request(address, {
			method: method === 'POST' ? 'POST' : 'GET',
			headers: { 'content-type': 'application/json', authorization: key && `Bearer ${key}` },
			body: body ?? null,
			headersTimeout: 120_000,
		});
		const text = await answer.body.text();
		const shown = text.replace(/(data:\w+\/\w+;base64,.{20})[^"]*/g, '$1…').slice(0, 2000);
		const ms = Math.round(performance.now() - began);
		this.say(`    ${to}: ${statusCode} ${headers['content-type']}, ${ms} ms\n      ${shown}`);
		return { status: statusCode, body: jsonParse<unknown>(text, { fallbackValue: text }) };
	}

	async askFree(): Promise<void> {
		const { restrictedKey } = this.options;
		const restricted = RESTRICTED.map((question) => ({ ...question, key: restrictedKey }));
		if (!restrictedKey) this.say('Not asked: a restricted key (RUNPOD_RESTRICTED_API_KEY)');
		for (const question of [...FREE, ...(restrictedKey ? restricted : [])]) {
			this.say(`\n${question.about} (expected: ${question.expected})`);
			const answer = await this.ask(question).catch((error: unknown) => {
				this.say(`    no answer: ${String(error)}`);
			});
			if (question !== FREE[0]) continue;
			if (answer?.status !== 404) throw new Stop('This key or address is not good.');
			const isElsewhere = /endpoint/i.test(JSON.stringify(answer.body));
			if (isElsewhere) throw new Stop('There is no endpoint p-video at this address.');
		}
	}

	async makeDrafts(): Promise<void> {
		for (const draft of DRAFTS) {
			const { about, most } = draft;
			this.say(`\n${about}: ${usd(most)} at most, ${usd(this.spent)} so far`);
			if (this.spent + most > BUDGET) throw new Stop(`${usd(BUDGET)} is the limit.`);
			this.spent += most;
			const make = async (webhook?: string) => await this.make(draft, webhook);
			const cost = draft === DRAFTS[0] ? await this.withWebhook(make) : await make();
			this.spent += cost - most;
			// Whatever the reason, what follows would cost more too.
			if (cost > most + 1e-9) throw new Stop(`It cost ${usd(cost)}, more than it should.`);
		}
	}

	/** The first draft names a webhook, where there is one. Says what a call of it looks like. */
	private async withWebhook(make: (webhook?: string) => Promise<number>): Promise<number> {
		const { webhook, port } = this.options;
		if (webhook === undefined) {
			this.say('Not asked: what a webhook call looks like (--webhook)');
			return await make();
		}
		const server = createServer((call, response) => {
			const { method, headers } = call.resume();
			response.end(() => server.emit('called'));
			const type = headers['content-type'] ?? 'no Content-Type';
			this.say(`    webhook: ${method}, ${type}, ${headers['user-agent']}`);
		}).listen(port, '127.0.0.1');
		const called = once(server, 'called');
		try {
			const cost = await make(webhook);
			const late = sleep(WEBHOOK_MS, undefined, { ref: false });
			if (!(await Promise.race([called, late]))) this.say('    webhook: no call');
			return cost;
		} finally {
			server.close();
			server.closeAllConnections();
		}
	}

	/** USD that it cost, or may have cost. */
	private async make({ input, most }: Draft, webhook?: string): Promise<number> {
		const submission = { to: 'POST /p-video/run', body: JSON.stringify({ input, webhook }) };
		const accepted = await this.ask(submission).catch((error: unknown) => {
			throw new Stop(`It may have been accepted, but no answer came: ${String(error)}`);
		});
		const id = at(accepted.body, 'id');
		if (typeof id !== 'string') {
			if (accepted.status >= 400 && accepted.status < 500) return 0;
			throw new Stop('It may have been accepted, but the answer has no id.');
		}
		const output = JSON.stringify(at(await this.follow(id), 'output') ?? '');
		const [address] = /https?:[^"\\\s]+/.exec(output) ?? [];
		if (address) await this.lookAt(address);
		return Number(/"cost":"?([\d.]+)/.exec(output)?.[1] ?? most);
	}

	/** The final document: a plain look, a long one, then one each second. */
	private async follow(id: string): Promise<unknown> {
		const deadline = performance.now() + LONGEST_JOB_MS;
		for (let looks = 1; performance.now() < deadline; looks++) {
			const path = looks === 2 ? `status-sync/${id}?wait=90000` : `status/${id}`;
			// A look costs nothing: where it fails there is another.
			const look = await this.ask({ to: `GET /p-video/${path}` }).catch(() => undefined);
			const status = String(at(look?.body, 'status'));
			if (['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'].includes(status)) return look?.body;
			if (looks > 1) await sleep(1000);
		}
		throw new Stop(`The job ${id} has not ended.`);
	}

	private async lookAt(address: string): Promise<void> {
		const { statusCode, headers, body } = await request(address);
		const bytes = Buffer.from(await body.arrayBuffer());
		const said = `${statusCode} ${headers['content-type']}, ${bytes.length} bytes`;
		this.say(`    ${address}: ${said}, '${bytes.toString('latin1', 4, 12)}'`);
	}
}

/** Nobody can agree where there is no terminal. */
async function agrees(): Promise<boolean> {
	if (!process.stdin.isTTY) return false;
	const terminal = createInterface({ input: process.stdin, output: process.stdout });
	const sum = DRAFTS.reduce((total, { most }) => total + most, 0);
	const answer = await terminal.question(
		`\nMake ${DRAFTS.length} drafts for ${usd(sum)} at most? [y/N] `,
	);
	terminal.close();
	return /^y(es)?$/i.test(answer.trim());
}

/** The exit status. */
async function main(): Promise<number> {
	const flag = { type: 'boolean', default: false } as const;
	const options = {
		...{ yes: flag, help: flag, webhook: { type: 'string' } as const },
		'base-url': { type: 'string', default: RUNPOD },
		port: { type: 'string', default: '8283' },
	} as const;
	const { yes, help, webhook, port, 'base-url': baseUrl } = parseArgs({ options }).values;
	const { RUNPOD_API_KEY: apiKey = '', RUNPOD_RESTRICTED_API_KEY: restrictedKey = '' } =
		process.env;
	const isSafe = /^https:|^http:..(127\.0\.0\.1|localhost)[:/]/.test(baseUrl);
	if (help || !isSafe || !/^[\x21-\x7e]+$/.test(apiKey)) {
		console.log(isSafe ? HELP : 'The key is sent to it: the base URL has to begin with https://');
		return help ? 0 : 1;
	}
	const keys = { apiKey, restrictedKey };
	const address = baseUrl.replace(/\/+$/, '');
	const check = new LiveCheck({ ...keys, baseUrl: address, webhook, port: Number(port) });
	try {
		await check.askFree();
		if (yes || (await agrees())) await check.makeDrafts();
		return 0;
	} catch (error) {
		check.say(`\nStopped: ${error instanceof Error ? error.message : String(error)}`);
		return 1;
	} finally {
		check.say(`\nSpent: ${usd(check.spent)} at most`);
	}
}

void main().then((status) => (process.exitCode = status));
