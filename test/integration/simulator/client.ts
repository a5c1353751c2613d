/** For the simulator's own tests: a simulator per test, and a client that says plainly what it was answered. */
import { request } from 'undici';
import { startSimulator, type Simulator, type StartOptions } from '../../tools/simulator';
import { isRecord, parseJson } from '../../tools/simulator/json';

interface CallOptions {
	/** Sent as JSON; text and bytes as they are. */
	body?: unknown;
	/** The API key; '' sends none. */
	key?: string;
}

/** To be made once per file: every test gets a new simulator, which is closed after it. */
export class Client {
	simulator!: Simulator;

	constructor(options: StartOptions) {
		beforeEach(async () => {
			this.simulator = await startSimulator({ profile: 'documented', ...options });
		});
		afterEach(async () => await this.simulator.close());
	}

	/** `path` follows `/v2/`; `body` is the JSON object, empty where there is none. */
	async call(method: string, path: string, options: CallOptions = {}) {
		const { body, key = this.simulator.apiKey } = options;
		const isSentAsIs = typeof body === 'string' || body instanceof Uint8Array;
		const answer = await request(`${this.simulator.baseUrl}/${path}`, {
			method,
			headers: {
				'content-type': 'application/json',
				...(key === '' ? {} : { authorization: `Bearer ${key}` }),
			},
			...(body === undefined ? {} : { body: isSentAsIs ? body : JSON.stringify(body) }),
		});
		const text = await answer.body.text();
		const parsed = parseJson(Buffer.from(text));
		const shown = isRecord(parsed) ? parsed : {};
		return { status: answer.statusCode, body: shown, text, headers: answer.headers };
	}

	/** `more` stands beside `input`: webhook and policy. */
	async runsync(input: object = {}, more: object = {}, query = '') {
		const body = { input: { prompt: 'A cat', ...input }, ...more };
		return await this.call('POST', `p-video/runsync${query}`, { body });
	}

	/** The id of a job that was accepted. */
	async run(input: object = {}, more: object = {}): Promise<string> {
		const body = { input: { prompt: 'A cat', ...input }, ...more };
		const reply = await this.call('POST', 'p-video/run', { body });
		if (reply.status !== 200) throw new Error(`run: ${reply.status} ${reply.text}`);
		return String(reply.body.id);
	}

	async status(id: string) {
		return await this.call('GET', `p-video/status/${id}`);
	}

	async cancel(id: string) {
		return await this.call('POST', `p-video/cancel/${id}`);
	}

	async retry(id: string) {
		return await this.call('POST', `p-video/retry/${id}`);
	}
}
