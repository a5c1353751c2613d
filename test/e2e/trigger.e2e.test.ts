/**
 * Callbacks in a real n8n: the trigger's life, what it lets in, and many calls at once. The simulator calls as Runpod
 * does; whatever anybody else may send is sent by the tests.
 */

import { itemsOf } from '../tools/n8n/execution';
import { startStage } from '../tools/n8n/stage';
import { PRUNA_VIDEO_TRIGGER, webhookTrigger } from './build-workflow';
import {
	answersTo,
	completed,
	create,
	events,
	executions,
	expectFile,
	expectSuccess,
	listen,
	post,
	stage,
	submit,
	type Listening,
	useStage,
	VERSIONS,
} from './running';

describe.each(VERSIONS)('n8n %s', (version) => {
	const env = { N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem' };
	useStage(async () => await startStage({ version, env }));
	beforeEach(() => {
		stage.simulator.reset();
		const endpoints = ['p-video', 'other'];
		const late = { ms: 0, status: 404 };
		Object.assign(stage.simulator.options, { webhookRetryMs: 500, endpoints, lateVideo: late });
	});

	/** Jobs that have ended, of which Runpod tells nobody. */
	async function finishedJobs(count: number, endpoint?: string): Promise<string[]> {
		const ids: string[] = [];
		for (let job = 0; job < count; job++) ids.push(await submit(undefined, endpoint));
		await stage.simulator.waitFor((ledger) => ledger.count('COMPLETED') >= count, 30_000);
		return ids;
	}

	test('a published trigger runs when Runpod calls, an unpublished one does not', async () => {
		const { workflowId, productionUrl } = await create();
		expect(await post(productionUrl, {})).toBe(404);

		await stage.api.activate(workflowId);
		const id = await submit(productionUrl);
		expect(await answersTo(id)).toEqual([200]);
		const [item] = await events(workflowId, 1);
		expect(item?.json).toMatchObject({ id, status: 'COMPLETED', cost: 0.1 });

		await stage.api.deactivate(workflowId);
		expect(await post(productionUrl, completed(id))).toBe(404);
	});

	test('"Listen for test event" takes one call', async () => {
		const { workflowId, testUrl } = await create();
		expect(await post(testUrl, {})).toBe(404);

		await stage.api.listenForTestEvent(workflowId, PRUNA_VIDEO_TRIGGER);
		const id = await submit(testUrl);
		expect(await answersTo(id)).toEqual([200]);
		const [item] = await events(workflowId, 1);
		expect(item?.json).toMatchObject({ id, status: 'COMPLETED' });
		expect(await post(testUrl, {})).toBe(404);
	});

	test('forged, foreign and unreadable calls start nothing', async () => {
		const { workflowId, productionUrl } = await listen();
		const [foreign = ''] = await finishedJobs(1, 'other');
		const [id = ''] = await finishedJobs(1);
		const calls = {
			forged: post(productionUrl, completed('00000000-0000-4000-8000-000000000000-u1')),
			foreign: post(productionUrl, completed(foreign)),
			noJob: post(productionUrl, { hello: 'world' }),
			empty: post(productionUrl, ''),
			// These two are n8n's own answers, given before the node is asked.
			noJson: post(productionUrl, '{"id": '),
			huge: post(productionUrl, JSON.stringify('x'.repeat(30_000_000))),
			real: post(productionUrl, completed(id)),
		};
		const statuses = await Promise.all(Object.values(calls));
		expect(Object.fromEntries(Object.keys(calls).map((name, i) => [name, statuses[i]]))).toEqual({
			forged: 503,
			foreign: 503,
			noJob: 400,
			empty: 400,
			noJson: 422,
			huge: 500,
			real: 200,
		});
		expect(await events(workflowId, 1)).toEqual([
			expect.objectContaining({ json: expect.objectContaining({ id }) }),
		]);
	});

	test('a real call is read, whatever Content-Type it has', async () => {
		const { workflowId, productionUrl } = await listen();
		const types = ['text/plain; charset=utf-8', 'application/vnd.runpod+json', undefined];
		const ids = await finishedJobs(types.length);
		const calls = types.map((type, index) => {
			const body = JSON.stringify(completed(ids[index]!));
			return post(productionUrl, body, type === undefined ? {} : { 'content-type': type });
		});
		expect(await Promise.all(calls)).toEqual([200, 200, 200]);
		const found = await events(workflowId, types.length);
		expect(found.map(({ json }) => json.id).sort()).toEqual(ids.sort());
	});

	test('calls are answered at once; the executions have the files, however late those come', async () => {
		const { simulator } = stage;
		const lateVideo = { ms: Infinity, status: 404 };
		Object.assign(simulator.options, { videoBytes: 3_000_000, lateVideo });
		const options = { binaryPropertyName: 'video' };
		const { workflowId, productionUrl } = await listen({ download: true, options });
		const ids = await finishedJobs(10);
		const answers = await Promise.all(ids.map((id) => post(productionUrl, completed(id))));
		expect(answers).toEqual(ids.map(() => 200));
		simulator.options.lateVideo.ms = 0;

		const found = await executions(workflowId, ids.length);
		for (const execution of found) {
			expectSuccess(execution);
			for (const node of [PRUNA_VIDEO_TRIGGER, 'After']) {
				await expectFile(itemsOf(execution, node)[0], 'video');
			}
		}
		simulator.options.videoBytes = 0;
	});

	test('repeated calls are ended by their executions, also after a restart', async () => {
		const { workflowId, productionUrl } = await listen();
		const ids = await finishedJobs(10);
		const thrice = [...ids, ...ids, ...ids.toReversed()];
		const answers = await Promise.all(thrice.map((id) => post(productionUrl, completed(id))));
		expect(answers).toEqual(thrice.map(() => 200));
		const once = await events(workflowId, thrice.length);
		expect(once.map(({ json }) => json.id).sort()).toEqual(ids.sort());

		await stage.main.crashAndRestart();
		expect(await post(productionUrl, completed(ids[0]!))).toBe(200);
		expect(await events(workflowId, thrice.length + 1)).toHaveLength(ids.length);
	});

	/** n8n lists 100 executions at a time: so one too many shows. */
	const CALLS = 99;
	/** How much longer they may take than with n8n's own Webhook node, and how far measurements of two bursts differ. */
	const MOST = { plain: 1.5, verified: 2, tolerance: 1.25 };

	/**
	 * n8n's own Webhook node, with an expression in it: n8n 2.41 makes a virtual machine for the expressions of each call,
	 * of any node but this one without any, and another for each credential that is read.
	 */
	const webhookAt = (path: string) => webhookTrigger(path, { rawBody: '={{ false }}' });

	/** Until all of them are answered, in ms. */
	async function burst({ workflowId, productionUrl }: Listening): Promise<number> {
		const ids = await finishedJobs(CALLS);
		const began = performance.now();
		const answers = await Promise.all(ids.map((id) => post(productionUrl, completed(id))));
		const took = performance.now() - began;
		expect(answers).toEqual(ids.map(() => 200));
		for (const execution of await executions(workflowId, CALLS)) expectSuccess(execution);
		stage.simulator.reset();
		return took;
	}

	test(`${CALLS} calls at once take ${MOST.plain} x the time of n8n's Webhook node, ${MOST.verified} x with Verify`, async () => {
		const ratios: Array<{ plain: number; verified: number }> = [];
		for (let round = 0; round < 3; round++) {
			const webhook = await burst(await listen({}, webhookAt));
			const plain = (await burst(await listen({ verify: false }))) / webhook;
			const verified = (await burst(await listen())) / webhook;
			process.stdout.write(
				`${CALLS} calls: Webhook ${Math.round(webhook)} ms; ${plain.toFixed(2)} x without Verify, ${verified.toFixed(2)} x with it\n`,
			);
			// The first round warms n8n up.
			if (round > 0) ratios.push({ plain, verified });
		}
		const least = (kind: 'plain' | 'verified') => Math.min(...ratios.map((ratio) => ratio[kind]));
		expect(least('plain')).toBeLessThanOrEqual(MOST.plain * MOST.tolerance);
		expect(least('verified')).toBeLessThanOrEqual(MOST.verified * MOST.tolerance);
	}, 900_000);
});
