/** `npm run check:live`: asks the real Runpod what this node relies on, and prints its answers; for whoever has a key. */

import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { jsonParse } from 'n8n-workflow';
import { request } from 'undici';
import { at } from '../n8n/json';
import { hum, PICTURE } from './files';

const HELP = `Asks the real Runpod what this node relies on. The key comes from RUNPOD_API_KEY.

  npm run check:live                       questions that cost nothing; then drafts, if you agree
  npm run check:live -- --yes              without asking before it spends
  npm run check:live -- --base-url URL     another address, for example the simulator's`;

/** USD, for all drafts. */
const BUDGET = 0.15;
const LONGEST_JOB_MS = 600_000;

interface Question {
	about: string;
	/** Method and path. */
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
	{ about: 'too large', to: 'POST /p-video/run', body: LARGE, expected: '413, 400 or 502' },
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

const usd = (amount: number) => `$${amount.toFixed(4)}`;

class LiveCheck {
	/** USD: what Runpod said, and what may be billed where it said nothing. */
	spent = 0;

	constructor(
		private readonly baseUrl: string,
		private readonly apiKey: string,
	) {}

	say(line: string): void {
		console.log(line.replaceAll(this.apiKey, '<key>'));
	}

	/** Sends it once, and prints what came. Rejects where nothing did. */
	private async ask({ to, body, key = this.apiKey }: Omit<Question, 'about' | 'expected'>) {
		const [method = '', path = ''] = to.split(' ');
		const began = performance.now();
		const { statusCode, headers, ...answer } = await request(this.baseUrl + path, {
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
		for (const question of FREE) {
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
			const cost = await this.make(draft);
			this.spent += cost - most;
			// Whatever the reason, what follows would cost more too.
			if (cost > most + 1e-9) throw new Stop(`It cost ${usd(cost)}, more than it should.`);
		}
	}

	/** USD that it cost, or may have cost. */
	private async make({ input, most }: Draft): Promise<number> {
		const submission = { to: 'POST /p-video/run', body: JSON.stringify({ input }) };
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
	const baseUrlOption = { type: 'string', default: 'https://api.runpod.ai/v2' } as const;
	const options = { yes: flag, help: flag, 'base-url': baseUrlOption };
	const { yes, help, 'base-url': baseUrl } = parseArgs({ options }).values;
	const apiKey = process.env.RUNPOD_API_KEY ?? '';
	const isSafe = /^https:|^http:..(127\.0\.0\.1|localhost)[:/]/.test(baseUrl);
	if (help || !isSafe || !/^[\x21-\x7e]+$/.test(apiKey)) {
		console.log(isSafe ? HELP : 'The key is sent to it: the base URL has to begin with https://');
		return help ? 0 : 1;
	}
	const check = new LiveCheck(baseUrl.replace(/\/+$/, ''), apiKey);
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
