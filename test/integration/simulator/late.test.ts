/** What nobody has seen Runpod do, and what must not harm: answers that are cut, and parts of it that lag behind others. */
import { Agent, request } from 'undici';
import { useSimulator } from './client';
import { Receiver } from './receiver';

const client = useSimulator({ executionTimeMs: 0 });

/** The state that `/status` and `/status-sync` show, and the output. */
async function look(id: string, operation = 'status'): Promise<[unknown, unknown]> {
	const { body } = await client.call('GET', `p-video/${operation}/${id}`);
	return [body.status, body.output];
}

const VIDEO = { video_url: expect.stringMatching(/\.mp4$/), cost: 0.1 };

test('an edge may answer 503 although the job was accepted', async () => {
	const body =
		'upstream connect error or disconnect/reset before headers. reset reason: connection termination';
	client.simulator.faults.add({
		operation: 'run',
		kind: 'status',
		status: 503,
		body,
		when: 'after',
	});
	const reply = await client.call('POST', 'p-video/run', { body: { input: { prompt: 'A cat' } } });
	expect([reply.status, reply.text]).toEqual([503, body]);
	await client.simulator.waitFor((ledger) => ledger.total === 0.1);
});

test('status and status-sync may lag behind webhook and runsync', async () => {
	const receiver = new Receiver([]);
	await receiver.start();
	client.simulator.options.booksLagMs = 30_000;
	const { body } = await client.runsync({}, { webhook: receiver.url });
	const id = String(body.id);
	await client.simulator.waitFor(({ jobs }) => jobs[0]?.webhookTries.length === 1);
	expect([body, ...receiver.received.map((call) => JSON.parse(call.body))]).toMatchObject([
		{ status: 'COMPLETED', output: VIDEO },
		{ status: 'COMPLETED', output: VIDEO },
	]);
	expect(await look(id)).toEqual(['IN_PROGRESS', undefined]);
	const kept = look(id, 'status-sync');
	await client.simulator.waitFor((_, requests) => requests.at(-1)?.operation === 'status-sync');
	client.simulator.advance(30_000);
	expect([await kept, await look(id)]).toEqual([
		['COMPLETED', VIDEO],
		['COMPLETED', VIDEO],
	]);
	await receiver.close();
});

test.each([undefined, null, {}])(
	'a COMPLETED job may have the output %j at first',
	async (instead) => {
		client.simulator.options.lateOutput = { looks: 2, instead };
		const { body } = await client.runsync();
		const id = String(body.id);
		expect([body.status, body.output]).toEqual(['COMPLETED', instead]);
		expect(await look(id, 'status-sync')).toEqual(['COMPLETED', instead]);
		expect(await look(id)).toEqual(['COMPLETED', VIDEO]);
		expect(client.simulator.ledger.total).toBe(0.1);
	},
);

test.each([403, 404])('a new video may be answered %d at first', async (status) => {
	client.simulator.options.lateVideo = { ms: 60_000, status };
	const { body } = await client.runsync();
	const url = client.simulator.videoUrl(String(body.id));
	expect((await request(url)).statusCode).toBe(status);
	client.simulator.advance(60_000);
	expect((await request(url)).statusCode).toBe(200);
});

test.each(['run', 'runsync'])('the answer of %s may be cut behind the ID', async (operation) => {
	client.simulator.faults.add({ operation: '*', kind: 'truncate', bytes: 'id' });
	const { body, headers } = await request(`${client.simulator.baseUrl}/p-video/${operation}`, {
		method: 'POST',
		headers: {
			authorization: `Bearer ${client.simulator.apiKey}`,
			'content-type': 'application/json',
		},
		body: JSON.stringify({ input: { prompt: 'A cat' } }),
		dispatcher: new Agent(),
	});
	let text = '';
	const read = async () => {
		for await (const piece of body) text += String(piece);
	};
	await expect(read()).rejects.toThrow();
	const id = client.simulator.ledger.jobs[0]?.id;
	expect(text.endsWith(`"id":"${id}"`)).toBe(true);
	expect(Number(headers['content-length'])).toBeGreaterThan(text.length);
});
