/**
 * The node in each n8n that it is said to support: what n8n has changed over the years, once each.
 *
 * `PRUNA_VIDEO_N8N_VERSIONS=2.41.1,1.123.81` chooses others than the one that is always tested.
 */

import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { N8nApi } from '../tools/n8n/api';
import { itemsOf, failureOf, type Execution, type Item } from '../tools/n8n/execution';
import { installN8n, N8N_VERSION } from '../tools/n8n/install';
import { startN8n } from '../tools/n8n/instance';
import { at, isRecord, type JsonRecord } from '../tools/n8n/json';
import {
	createCredential,
	Endings,
	folderWithPackage,
	OWNER,
	startStage,
	type Stage,
} from '../tools/n8n/stage';
import { CREDENTIAL_TYPE } from '../tools/n8n/workflow';
import { startSimulator, type Simulator } from '../tools/simulator';
import {
	chain,
	MANUAL_TRIGGER,
	manualTrigger,
	onePerPrompt,
	PRUNA_VIDEO,
	prunaVideo,
	type NodeSettings,
} from './build-workflow';
import { fileFromBase64 } from './file-nodes';

const VERSIONS = (process.env.PRUNA_VIDEO_N8N_VERSIONS || N8N_VERSION).split(',');
const PROMPTS = ['first', 'second', 'third'];

describe.each(VERSIONS)('n8n %s', (version) => {
	let fixture: Stage;
	beforeAll(async () => (fixture = await startStage({ version })), 20 * 60_000);
	afterAll(async () => await fixture?.endings.run());
	beforeEach(() => fixture.simulator.reset());

	interface Run {
		prompts?: string[];
		parameters?: JsonRecord;
		settings?: NodeSettings;
		credential?: { id: string; name: string };
	}

	/** Starts a workflow by hand, as the editor does. */
	async function start({ prompts = PROMPTS, parameters, settings, credential }: Run) {
		const { api } = fixture;
		const generate = { prompt: '={{ $json.prompt }}', ...parameters };
		const node = prunaVideo(generate, credential ?? fixture.credential, settings);
		const workflow = chain('Test', [manualTrigger, ...onePerPrompt(prompts), node]);
		return await api.runWorkflow(await api.createWorkflow(workflow), MANUAL_TRIGGER);
	}

	async function run(wanted: Run): Promise<Execution & { items: Item[] }> {
		const execution = await fixture.api.finishedExecution(await start(wanted));
		return { ...execution, items: itemsOf(execution, PRUNA_VIDEO) };
	}

	const operations = () => fixture.simulator.ledger.jobs.map(({ operation }) => operation);
	const failSecond = {
		kind: 'job',
		error: 'The GPU was lost',
		match: { prompt: 'second' },
	} as const;

	test('loads the community package, with icons for light and dark', async () => {
		const { api, main } = fixture;
		const types = await api.call('GET', '/types/nodes.json');
		const own = (Array.isArray(types) ? (types as unknown[]) : [])
			.filter(isRecord)
			.find(({ name }) => name === 'n8n-nodes-pruna-video.prunaVideo');
		expect(own).toMatchObject({ displayName: 'Pruna Video', iconUrl: expect.anything() });
		for (const theme of ['light', 'dark']) {
			const icon = await fetch(`${main.url}/${String(at(own, 'iconUrl', theme))}`);
			expect([icon.status, icon.headers.get('content-type')]).toEqual([
				200,
				expect.stringContaining('image/svg'),
			]);
		}
	});

	// What n8n sends the editor in place of a secret that is saved.
	const SAVED = '__n8n_BLANK_VALUE_e5362baf-c777-4d57-a609-6eaf1f9e87f6';

	test.each<[string, (simulator: Simulator) => JsonRecord, string, string]>([
		['a good key', () => ({}), 'OK', 'Connection successful!'],
		['a saved key', () => ({ apiKey: SAVED }), 'OK', 'Connection successful!'],
		['a wrong key', () => ({ apiKey: 'wrong' }), 'Error', 'Runpod did not accept this API key'],
		[
			'another key',
			(of) => ({ apiKey: of.forbiddenKey }),
			'Error',
			'This API key has no access to Pruna',
		],
		[
			'a wrong path',
			(of) => ({ baseUrl: `${of.baseUrl}/v2` }),
			'Error',
			"does not lead to Runpod's",
		],
		['http', () => ({ baseUrl: 'http://runpod.example' }), 'Error', 'send the API key unencrypted'],
		['no server', () => ({ baseUrl: 'http://127.0.0.1:9' }), 'Error', 'reached (ECONNREFUSED)'],
	])('tests the credential, whatever /health says: %s', async (_, change, status, message) => {
		const { api, simulator, credential } = fixture;
		simulator.faults.add({ operation: 'health', kind: 'status', status: 401, times: Infinity });
		const { apiKey, baseUrl } = simulator;
		const data = { apiKey, baseUrl, ...change(simulator) };
		const tested = { name: credential.name, type: CREDENTIAL_TYPE, data };
		const result = await api.testCredential(credential.id, tested);
		expect(result).toEqual({ status, message: expect.stringContaining(message) });
		expect(result.message).not.toContain(apiKey);
	});

	test('generates three videos and downloads them', async () => {
		const { api, simulator } = fixture;
		const { status, items, runData } = await run({ parameters: { download: true } });
		expect(status).toBe('success');
		expect(operations()).toEqual(['runsync', 'runsync', 'runsync']);
		expect(items.map(({ json }) => json.status)).toEqual(Array(3).fill('COMPLETED'));
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual([0, 1, 2].map((item) => ({ item })));
		const made = items.map(({ json }) => simulator.ledger.find(String(json.id))?.input.prompt);
		expect(made).toEqual(PROMPTS);
		for (const { json, binary } of items) {
			const file = isRecord(binary?.data) ? binary.data : {};
			expect(file.mimeType).toBe('video/mp4');
			const stored = await api.storedFile(file);
			const served = await fetch(String(json.video_url));
			expect(stored.equals(Buffer.from(await served.arrayBuffer()))).toBe(true);
		}
		expect(at(runData[PRUNA_VIDEO], 0, 'hints', 0, 'message')).toBe('3 videos for $0.30');
	});

	test('generates by submitting and polling', async () => {
		const options = { executionMode: 'async', pollInterval: 1 };
		const { status, items } = await run({ parameters: { options } });
		expect(status).toBe('success');
		expect(operations()).toEqual(['run', 'run', 'run']);
		expect(items.map(({ json }) => json.cost)).toEqual([0.1, 0.1, 0.1]);
	});

	test('sends an image from a binary field', async () => {
		const { api, simulator, credential } = fixture;
		const png = Buffer.from('89504e470d0a1a0a', 'hex');
		const parameters = { prompt: 'A cat', imageSource: 'binary', imageBinaryField: 'data' };
		const node = prunaVideo(parameters, credential);
		const nodes = [manualTrigger, ...fileFromBase64(png), node];
		const id = await api.createWorkflow(chain('Image', nodes));
		const execution = await api.finishedExecution(await api.runWorkflow(id, MANUAL_TRIGGER));
		expect([execution.status, failureOf(execution)]).toEqual(['success', undefined]);
		expect(simulator.ledger.jobs[0]?.input.image).toBe(
			`data:image/png;base64,${png.toString('base64')}`,
		);
	});

	test('says what is wrong, with which item, and what to do', async () => {
		const credential = await createCredential(fixture.api, {
			...fixture.simulator,
			apiKey: 'wrong',
		});
		const wrongKey = await run({ credential });
		expect(wrongKey.status).toBe('error');
		expect(failureOf(wrongKey)).toContain('Runpod did not accept this API key');

		const blank = await run({ prompts: ['first', ' '] });
		expect([blank.status, at(blank.error, 'context', 'itemIndex')]).toEqual(['error', 1]);
		expect(failureOf(blank)).toContain("'Prompt'");
		expect(fixture.simulator.ledger.jobs).toEqual([]);
	});

	test('says whether a request may have reached Runpod', async () => {
		const { api, simulator } = fixture;
		const nobody = { ...simulator, baseUrl: 'http://127.0.0.1:9/v2' };
		const parameters = { options: { timeout: 1 } };
		const unreached = await run({ parameters, credential: await createCredential(api, nobody) });
		expect(failureOf(unreached)).toContain('Runpod could not be reached');

		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after' });
		const broken = await run({ prompts: ['first'] });
		expect(failureOf(broken)).toContain('the job may be running');
		expect(simulator.ledger.jobs).toHaveLength(1);
	});

	test('Continue: the failed item names its job, the others run', async () => {
		fixture.simulator.faults.add({ operation: 'runsync', ...failSecond });
		const { status, items } = await run({ settings: { onError: 'continueRegularOutput' } });
		expect(status).toBe('success');
		expect(items.map(({ json }) => json)).toEqual([
			expect.objectContaining({ status: 'COMPLETED' }),
			{
				error: expect.stringContaining('The GPU was lost'),
				hint: expect.stringContaining('is not billed'),
				id: fixture.simulator.ledger.jobs.find(({ input }) => input.prompt === 'second')?.id,
				status: 'FAILED',
				httpCode: 400,
			},
			expect.objectContaining({ status: 'COMPLETED' }),
		]);
	});

	test('error output: the failed item goes there and keeps its job', async () => {
		fixture.simulator.faults.add({ operation: 'runsync', ...failSecond });
		const execution = await run({ settings: { onError: 'continueErrorOutput' } });
		expect(execution.status).toBe('success');
		expect(execution.items.map(({ json }) => json.status)).toEqual(['COMPLETED', 'COMPLETED']);
		const failed = itemsOf(execution, PRUNA_VIDEO, { output: 1 });
		expect(failed.map(({ json }) => json)).toEqual([
			expect.objectContaining({
				error: expect.stringContaining('The GPU was lost'),
				id: fixture.simulator.ledger.jobs.find(({ input }) => input.prompt === 'second')?.id,
				status: 'FAILED',
			}),
		]);
	});

	test.each([undefined, 'continueRegularOutput'] as const)(
		'Retry On Fail is billed for nothing twice (on error: %s)',
		async (onError) => {
			const { simulator } = fixture;
			// With Continue On Fail n8n only tries again when the first item failed.
			const prompts = onError ? ['second', 'first', 'third'] : PROMPTS;
			simulator.faults.add({ operation: 'runsync', ...failSecond });
			const settings = { onError, retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
			const parameters = { options: { concurrency: 1 } };
			const { status, items } = await run({ prompts, parameters, settings });
			expect(status).toBe('success');
			expect(items.map(({ json }) => json.status)).toEqual(Array(3).fill('COMPLETED'));
			expect(simulator.ledger.jobs.map(({ input }) => input.prompt).sort()).toEqual([
				'first',
				'second',
				'second',
				'third',
			]);
			expect(simulator.ledger.total).toBe(0.3);
		},
	);

	test('estimates the cost without a credential or a request', async () => {
		const { api, simulator } = fixture;
		const node = prunaVideo({ operation: 'estimateCost', duration: 10 }, undefined);
		const id = await api.createWorkflow(chain('Estimate', [manualTrigger, node]));
		const execution = await api.finishedExecution(await api.runWorkflow(id, MANUAL_TRIGGER));
		expect(itemsOf(execution, PRUNA_VIDEO)[0]?.json).toMatchObject({
			estimatedCost: 0.2,
			currency: 'USD',
		});
		expect(simulator.requests).toEqual([]);
	});

	test('submits, gets and cancels a job', async () => {
		const { simulator } = fixture;
		simulator.hold();
		const job = async (operation: string, parameters: JsonRecord = {}) =>
			(await run({ prompts: ['A cat'], parameters: { resource: 'job', operation, ...parameters } }))
				.items[0]?.json;
		const { id } = (await job('submit')) ?? {};
		expect(simulator.ledger.jobs.map((known) => known.id)).toEqual([id]);
		expect(await job('get', { jobId: id })).toMatchObject({ id, status: 'IN_QUEUE' });
		expect(await job('cancel', { jobId: id })).toMatchObject({ id, status: 'CANCELLED' });
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 1 });
	});

	test("gets the endpoint's health", async () => {
		const parameters = { resource: 'endpoint', operation: 'getHealth' };
		const { items } = await run({ prompts: ['once'], parameters });
		expect(items[0]?.json).toMatchObject({ jobs: expect.anything(), workers: expect.anything() });
	});

	test('a stop cancels the running jobs', async () => {
		const { api, simulator } = fixture;
		simulator.hold('finish');
		const id = await start({ parameters: { options: { executionMode: 'async' } } });
		await simulator.waitFor(({ jobs }) => jobs.length === 3, 60_000);
		await api.stopExecution(id);
		await simulator.waitFor((ledger) => ledger.count('CANCELLED') === 3, 30_000);
		expect((await api.finishedExecution(id)).status).toBe('canceled');
	});
});

describe.each(VERSIONS)('n8n %s with another Runpod package', (version) => {
	const OTHER = 'n8n-nodes-other-runpod';
	const endings = new Endings();
	afterAll(async () => await endings.run());

	test('loads both, and both work with credentials of their own', async () => {
		const n8n = await installN8n(version);
		const userFolder = await folderWithPackage(endings);
		const installed = join(userFolder, '.n8n', 'nodes', 'node_modules', OTHER);
		await cp(join(__dirname, OTHER), installed, { recursive: true });
		const simulator = await startSimulator();
		endings.add(() => simulator.close());
		const main = await startN8n(n8n, { userFolder });
		endings.add(() => main.stop());
		const api = await N8nApi.setUpOwner(main.url, OWNER);
		const ours = await createCredential(api, simulator);
		const other = {
			name: 'Other account',
			type: 'runpodApi',
			data: { token: simulator.apiKey, server: simulator.baseUrl },
		};
		const id = await api.createCredential(other);
		expect(await api.testCredential(id, other)).toMatchObject({ status: 'OK' });

		const otherNode = {
			name: 'Other Runpod',
			type: `${OTHER}.otherRunpod`,
			typeVersion: 1,
			parameters: {},
			credentials: { runpodApi: { id, name: other.name } },
		};
		const nodes = [manualTrigger, otherNode, prunaVideo({ prompt: 'A cat' }, ours)];
		const workflow = await api.createWorkflow(chain('Both', nodes));
		const execution = await api.finishedExecution(await api.runWorkflow(workflow, MANUAL_TRIGGER));
		expect([execution.status, failureOf(execution)]).toEqual(['success', undefined]);
		expect(itemsOf(execution, otherNode.name)[0]?.json).toMatchObject({ jobs: expect.anything() });
		expect(itemsOf(execution, PRUNA_VIDEO)[0]?.json).toMatchObject({ status: 'COMPLETED' });
	});
});
