/** The example "webhook to video", called by programs that give up and call again: one video, and one answer. */

import { Endings, startStage, type Stage } from '../tools/n8n/stage';
import { at, stringAt } from '../tools/n8n/json';
import { until } from '../tools/n8n/program';
import { readExample, withCredential } from '../tools/n8n/workflow';
import { callUntilAnswered, startProxy } from './impatient-caller';

/** Of what takes 100 s and 130 s where people use it. */
const TIME_SCALE = 0.02;
const CUT_AFTER_MS = 100_000 * TIME_SCALE;
const JOB_MS = 130_000 * TIME_SCALE;

const BODY = { prompt: 'A snail crosses a road', duration: 2 };

let stage: Stage;
const proxies = new Endings();

beforeAll(async () => {
	stage = await startStage();
	const { api, credential, simulator } = stage;
	simulator.options.executionTimeMs = JOB_MS;
	const example = withCredential(await readExample('webhook-to-video'), credential);
	await api.activate(await api.createWorkflow(example));
}, 20 * 60_000);
afterAll(async () => {
	await proxies.run();
	await stage?.endings.run();
});
beforeEach(() => stage.simulator.reset());

const jobs = () => stage.simulator.ledger.jobs;

async function ask(statusUrl: string): Promise<unknown> {
	return await (await fetch(statusUrl)).json();
}

test('answers 202 with the ID and a status URL, which returns the video in the end', async () => {
	const { simulator, main } = stage;
	const url = `${main.url}/webhook/video`;
	simulator.hold('finish');
	const first = await callUntilAnswered(url, { key: 'one', body: BODY });
	const id = jobs()[0]?.id;
	expect(first).toEqual({
		status: 202,
		answer: { id, statusUrl: `${url}?id=${id}` },
		calls: 1,
	});
	const statusUrl = stringAt(first.answer, 'statusUrl');
	expect(await ask(statusUrl)).toMatchObject({ id, status: expect.stringMatching(/^IN_/) });
	simulator.release();
	await until(async () => at(await ask(statusUrl), 'status') === 'COMPLETED');
	expect(await ask(statusUrl)).toMatchObject({ id, cost: 0.04, video_url: expect.any(String) });

	expect(await callUntilAnswered(url, { key: 'one', body: BODY })).toEqual(first);
	const other = await callUntilAnswered(url, { key: 'two', body: BODY });
	expect(other.status).toBe(202);
	expect(jobs()).toHaveLength(2);
});

test('a connection that is lost during the submission, and a caller that repeats its request: one video', async () => {
	const { simulator, main } = stage;
	const proxy = await startProxy(main.url, CUT_AFTER_MS, proxies);
	simulator.faults.add({ operation: 'run', kind: 'delay', ms: 2.5 * CUT_AFTER_MS });
	const called = await callUntilAnswered(`${proxy.url}/webhook/video`, { key: 'cut', body: BODY });
	expect(proxy.cuts).toBeGreaterThan(0);
	expect(called.calls).toBeGreaterThan(1);
	expect([called.status, at(called.answer, 'id')]).toEqual([202, jobs()[0]?.id]);
	await simulator.waitFor((ledger) => ledger.count('COMPLETED') === 1, 2 * JOB_MS);
	expect(jobs()).toHaveLength(1);
	expect(simulator.ledger.total).toBe(0.04);
});

test('ten calls with one key at the same time: one video', async () => {
	const url = `${stage.main.url}/webhook/video`;
	const calls = Array.from({ length: 10 }, () =>
		callUntilAnswered(url, { key: 'ten', body: BODY }),
	);
	const answers = await Promise.all(calls);
	expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
	expect(new Set(answers.map(({ answer }) => at(answer, 'id')))).toEqual(new Set([jobs()[0]?.id]));
	expect(jobs()).toHaveLength(1);
});

test('a bad request is told what is wrong, every time', async () => {
	const url = `${stage.main.url}/webhook/video`;
	const body = { prompt: 'A snail', duration: 99 };
	const problem = {
		id: null,
		statusUrl: null,
		error: expect.stringContaining("'Duration (Seconds)' must be a whole number from 1 to 10"),
	};
	for (let call = 0; call < 2; call++) {
		const { status, answer } = await callUntilAnswered(url, { key: 'bad', body });
		expect([status, answer]).toEqual([422, problem]);
	}
	expect(jobs()).toEqual([]);
});

test('calls without a key are requests of their own', async () => {
	const url = `${stage.main.url}/webhook/video`;
	const headers = { 'content-type': 'application/json' };
	for (let call = 0; call < 2; call++) {
		const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(BODY) });
		expect(response.status).toBe(202);
	}
	expect(jobs()).toHaveLength(2);
});
