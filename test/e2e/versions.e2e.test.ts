/**
 * The node in each n8n that it is said to support: what n8n has changed over the years, once each.
 *
 * `PRUNA_VIDEO_N8N_VERSIONS=2.41.1,1.123.81` chooses others than the one that is always tested.
 */

import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fetch } from 'undici';
import { itemsOf, failureOf, type Execution, type Item } from '../tools/n8n/execution';
import { at, isRecord, type JsonRecord } from '../tools/n8n/json';
import { createCredential, startStage } from '../tools/n8n/stage';
import { CREDENTIAL_TYPE } from '../tools/n8n/workflow';
import {
	chain,
	MANUAL_TRIGGER,
	manualTrigger,
	onePerPrompt,
	PRUNA_VIDEO,
	prunaVideo,
	type NodeSettings,
} from './build-workflow';
import { servePicture } from './picture';
import { executeNodes, expectFile, expectSuccess, stage, useStage, VERSIONS } from './running';

const PROMPTS = ['first', 'second', 'third'];
/** Another package for Runpod, whose credential type has the name that most of them use. */
const OTHER = 'n8n-nodes-other-runpod';

describe.each(VERSIONS)('n8n %s', (version) => {
	const beside = (modules: string) =>
		cp(join(__dirname, OTHER), join(modules, OTHER), { recursive: true });
	const env = { N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem' };
	useStage(async () => await startStage({ version, env, beside }));
	beforeEach(() => stage.simulator.reset());

	interface Run {
		prompts?: string[];
		parameters?: JsonRecord;
		settings?: NodeSettings;
		credential?: { id: string; name: string };
	}

	/** Nodes that make a video of each prompt. */
	function batch({ prompts = PROMPTS, parameters, settings, credential }: Run) {
		const generate = { prompt: '={{ $json.prompt }}', ...parameters };
		return [
			...onePerPrompt(prompts),
			prunaVideo(generate, credential ?? stage.credential, settings),
		];
	}

	async function run(wanted: Run): Promise<Execution & { items: Item[] }> {
		const execution = await executeNodes(...batch(wanted));
		return { ...execution, items: itemsOf(execution, PRUNA_VIDEO) };
	}

	/** A workflow of three prompts that goes on until somebody stops it, or it fails; its id. */
	async function create(parameters: JsonRecord): Promise<string> {
		return await stage.api.createWorkflow(
			chain('Batch', [manualTrigger, ...batch({ parameters })]),
		);
	}

	const promptsOf = (items: Item[]) =>
		items.map(({ json }) => stage.simulator.ledger.find(String(json.id))?.input.prompt);
	const failSecond = {
		kind: 'job',
		error: 'The GPU was lost',
		match: { prompt: 'second' },
	} as const;

	test('loads the community package, with icons for light and dark', async () => {
		const { api, main } = stage;
		const types = await api.call('GET', '/types/nodes.json');
		const own = (Array.isArray(types) ? (types as unknown[]) : [])
			.filter(isRecord)
			.find(({ name }) => name === 'n8n-nodes-pruna-video.prunaVideo');
		expect(own).toMatchObject({ displayName: 'Pruna Video', iconUrl: expect.anything() });
		for (const theme of ['light', 'dark']) {
			const icon = await fetch(`${main.url}/${String(at(own, 'iconUrl', theme))}`);
			const type = icon.headers.get('content-type');
			expect([icon.status, type]).toEqual([200, expect.stringContaining('image/svg')]);
		}
	});

	test('works beside another Runpod package, each with credentials of its own', async () => {
		const { api, simulator } = stage;
		const data = { token: simulator.apiKey, server: simulator.baseUrl };
		const other = { name: 'Other account', type: 'runpodApi', data };
		const id = await api.createCredential(other);
		expect(await api.testCredential(id, other)).toMatchObject({ status: 'OK' });
		const otherNode = {
			name: 'Other Runpod',
			type: `${OTHER}.otherRunpod`,
			typeVersion: 1,
			parameters: {},
			credentials: { runpodApi: { id, name: other.name } },
		};
		const node = prunaVideo({ prompt: 'A cat' }, stage.credential);
		const execution = await executeNodes(otherNode, node);
		expectSuccess(execution);
		expect(itemsOf(execution, otherNode.name)[0]?.json).toMatchObject({ jobs: expect.anything() });
		expect(itemsOf(execution, PRUNA_VIDEO)[0]?.json).toMatchObject({ status: 'COMPLETED' });
	});

	// What n8n sends the editor in place of a secret that is saved.
	const SAVED = '__n8n_BLANK_VALUE_e5362baf-c777-4d57-a609-6eaf1f9e87f6';

	test.each([
		['a saved key', { apiKey: SAVED }, 'OK', 'Connection successful!'],
		['a wrong key', { apiKey: 'wrong' }, 'Error', 'Runpod did not accept this API key'],
		['no server', { baseUrl: 'http://127.0.0.1:9' }, 'Error', 'reached (ECONNREFUSED)'],
	])('tests the credential, whatever /health says: %s', async (_, change, status, message) => {
		const { api, simulator, credential } = stage;
		simulator.faults.add({ operation: 'health', kind: 'status', status: 401, times: Infinity });
		const { apiKey, baseUrl } = simulator;
		const data = { apiKey, baseUrl, ...change };
		const tested = { name: credential.name, type: CREDENTIAL_TYPE, data };
		const result = await api.testCredential(credential.id, tested);
		expect(result).toEqual({ status, message: expect.stringContaining(message) });
		expect(result.message).not.toContain(apiKey);
	});

	test('generates three videos and downloads them', async () => {
		const execution = await run({ parameters: { download: true } });
		expectSuccess(execution);
		const { items, runData } = execution;
		expect(items.map(({ json }) => json.status)).toEqual(Array(3).fill('COMPLETED'));
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual([0, 1, 2].map((item) => ({ item })));
		expect(promptsOf(items)).toEqual(PROMPTS);
		for (const item of items) await expectFile(item);
		expect(at(items, 0, 'binary', 'data', 'mimeType')).toBe('video/mp4');
		expect(at(runData[PRUNA_VIDEO], 0, 'hints', 0, 'message')).toBe('3 videos for $0.30');
	});

	test.each([
		['by its name', 'data'],
		['by expression', '={{ $binary.data }}'],
		['of an earlier node', "={{ $('HTTP Request').item.binary.data }}"],
	])('sends an image from a binary field: %s', async (_, image) => {
		const { simulator, credential, endings } = stage;
		const { content, node } = await servePicture(1000, endings);
		const pause = { name: 'Pause', type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} };
		const video = prunaVideo({ prompt: 'A cat', image }, credential);
		expectSuccess(await executeNodes(node, pause, video));
		const sent = `data:image/png;base64,${content.toString('base64')}`;
		expect(simulator.ledger.jobs.map(({ input }) => input.image === sent)).toEqual([true]);
	});

	test('sends a file of 40 MB as a link, which Runpod fetches from n8n', async () => {
		const { simulator, main, credential, endings } = stage;
		simulator.options.fetchMedia = true;
		const { node, sha256 } = await servePicture(40_000_000, endings);
		const parameters = { prompt: 'A cat', image: 'data', options: { sendFilesAs: 'link' } };
		expectSuccess(await executeNodes(node, prunaVideo(parameters, credential)));
		const url = expect.stringContaining(`${main.url}/rest/binary-data/signed?token=`);
		expect(simulator.ledger.jobs.flatMap(({ fetched }) => fetched)).toEqual([
			{ field: 'image', url, bytes: 40_000_000, sha256 },
		]);
	});

	test('says what is wrong, with which item, and whether a request may have reached Runpod', async () => {
		const { api, simulator } = stage;
		const withAccess = (change: object) => createCredential(api, { ...simulator, ...change });
		const wrongKey = await run({ credential: await withAccess({ apiKey: 'wrong' }) });
		expect(wrongKey.status).toBe('error');
		expect(failureOf(wrongKey)).toContain('Runpod did not accept this API key');

		const blank = await run({ prompts: ['first', ' '] });
		expect([blank.status, at(blank.error, 'context', 'itemIndex')]).toEqual(['error', 1]);
		expect(failureOf(blank)).toContain("'Prompt'");

		const nobody = await withAccess({ baseUrl: 'http://127.0.0.1:9/v2' });
		const unreached = await run({ parameters: { options: { timeout: 1 } }, credential: nobody });
		expect(failureOf(unreached)).toContain('Runpod could not be reached');
		expect(simulator.ledger.jobs).toEqual([]);

		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after' });
		const broken = await run({ prompts: ['first'] });
		expect(failureOf(broken)).toContain('the job may be running');
		expect(simulator.ledger.jobs).toHaveLength(1);
	});

	test.each([
		['continueRegularOutput', 0, [0, 2]],
		['continueErrorOutput', 1, [0, 1]],
	] as const)('On Error %s: the failed item names its job', async (onError, output, whole) => {
		const { simulator } = stage;
		simulator.faults.add({ operation: 'runsync', ...failSecond });
		const execution = await run({ settings: { onError } });
		expectSuccess(execution);
		expect(whole.map((index) => execution.items[index]?.json.status)).toEqual(
			Array(2).fill('COMPLETED'),
		);
		const failed = itemsOf(execution, PRUNA_VIDEO, { output });
		expect(
			failed.filter(({ json }) => json.status !== 'COMPLETED').map(({ json }) => json),
		).toEqual([
			expect.objectContaining({
				error: expect.stringContaining('The GPU was lost'),
				id: simulator.ledger.jobs.find(({ input }) => input.prompt === 'second')?.id,
				status: 'FAILED',
			}),
		]);
	});

	test.each([undefined, 'continueRegularOutput'] as const)(
		'Retry On Fail is billed for nothing twice (on error: %s)',
		async (onError) => {
			const { simulator } = stage;
			// With Continue On Fail n8n only tries again when the first item failed.
			const prompts = onError ? ['second', 'first', 'third'] : PROMPTS;
			simulator.faults.add({ operation: 'runsync', ...failSecond });
			const settings = { onError, retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
			const parameters = { options: { concurrency: 1 } };
			const { status, items } = await run({ prompts, parameters, settings });
			expect(status).toBe('success');
			expect(items.map(({ json }) => json.status)).toEqual(Array(3).fill('COMPLETED'));
			const submitted = simulator.ledger.jobs.map(({ input }) => input.prompt);
			expect(submitted.sort()).toEqual(['first', 'second', 'second', 'third']);
			expect(simulator.ledger.total).toBe(0.3);
		},
	);

	test.each([
		['with the currently saved workflow', 'sync', true],
		['with the original workflow', 'async', false],
	])('Retry in the list of executions %s, %s', async (_, executionMode, loadWorkflow) => {
		const { api, simulator } = stage;
		const operation = executionMode === 'sync' ? 'runsync' : 'run';
		simulator.faults.add({ operation, ...failSecond });
		const workflowId = await create({ options: { executionMode } });
		const id = await api.runWorkflow(workflowId, MANUAL_TRIGGER);
		expect(failureOf(await api.finishedExecution(id))).toContain('The GPU was lost');
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 2, FAILED: 1 });

		await api.retryExecution(id, loadWorkflow);
		const retried = (await api.executionsOf(workflowId, 2)).find((other) => other !== id);
		const execution = await api.finishedExecution(retried ?? '');
		expectSuccess(execution);
		expect(promptsOf(itemsOf(execution, PRUNA_VIDEO))).toEqual(PROMPTS);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 3, FAILED: 1 });
		expect(simulator.ledger.total).toBe(0.3);
	});

	test('estimates the cost without a credential or a request', async () => {
		const node = prunaVideo({ operation: 'estimateCost', duration: 10 }, undefined);
		const execution = await executeNodes(node);
		const expected = { estimatedCost: 0.2, currency: 'USD' };
		expect(itemsOf(execution, PRUNA_VIDEO)[0]?.json).toMatchObject(expected);
		expect(stage.simulator.requests).toEqual([]);
	});

	test('a stop cancels the running jobs', async () => {
		const { api, simulator } = stage;
		simulator.hold('finish');
		const workflowId = await create({ options: { executionMode: 'async' } });
		const id = await api.runWorkflow(workflowId, MANUAL_TRIGGER);
		await simulator.waitFor(({ jobs }) => jobs.length === 3, 60_000);
		await api.stopExecution(id);
		await simulator.waitFor((ledger) => ledger.count('CANCELLED') === 3, 30_000);
		expect((await api.finishedExecution(id)).status).toBe('canceled');
	});
});
