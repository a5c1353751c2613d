/** Keys, paths and methods: who gets in, and where. */
import { useSimulator } from './client';
import { FORBIDDEN_KEY, NO_CREDIT_KEY } from '../../tools/simulator/options';

const client = useSimulator({ executionTimeMs: 0, endpoints: ['p-video', 'other'] });

const KEY = 'rpa_simulator_key';
const INPUT = { input: { prompt: 'A cat' } };
/** With a good key a job that does not exist is a 404. */
const OPERATIONS: Array<[string, string, number]> = [
	['POST', 'runsync', 200],
	['POST', 'run', 200],
	['GET', 'status/nothing', 404],
	['POST', 'cancel/nothing', 404],
	['POST', 'retry/nothing', 404],
	['GET', 'health', 200],
];

/** One that is billed, one that is not: all go through the same gate. */
test.each<[string, string | undefined, number, number]>([
	['the key', `Bearer ${KEY}`, 200, 404],
	['no header', undefined, 401, 401],
	['no key', 'Bearer ', 401, 401],
	['a wrong key', 'Bearer rpa_wrong', 401, 401],
	['the key with more', `Bearer ${KEY}x`, 401, 401],
	['the key in capitals', `Bearer ${KEY.toUpperCase()}`, 401, 401],
	['the key alone', KEY, 401, 401],
	['another scheme', `Basic ${KEY}`, 401, 401],
	['two spaces', `Bearer  ${KEY}`, 401, 401],
	['a key without permission', `Bearer ${FORBIDDEN_KEY}`, 403, 403],
	['a key without credit', `Bearer ${NO_CREDIT_KEY}`, 402, 404],
])('with %s, run is answered %d and status %d', async (_, authorization, ...wanted) => {
	const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
	const run = await client.call('POST', 'p-video/run', { key: '', headers, body: INPUT });
	const status = await client.call('GET', 'p-video/status/nothing', { key: '', headers });
	expect([run.status, status.status]).toEqual(wanted);
	if (run.status > 400) expect(run.body).toEqual({ error: expect.any(String) });
	expect(client.simulator.ledger.jobs).toHaveLength(run.status === 200 ? 1 : 0);
});

test.each(OPERATIONS)(
	'%s %s requires a key, its method, and credit',
	async (method, path, good) => {
		const own = `p-video/${path}`;
		for (const tried of ['GET', 'POST', 'DELETE']) {
			const reply = await client.call(tried, own, tried === 'GET' ? {} : { body: INPUT });
			expect(reply.status).toBe(tried === method ? good : 405);
			if (tried !== method) expect(reply.headers.get('allow')).toBe(method);
		}
		const body = method === 'POST' ? INPUT : undefined;
		expect((await client.call(method, own, { key: '', body })).status).toBe(401);
		const isPaid = /^r/.test(path);
		const poor = await client.call(method, own, { key: NO_CREDIT_KEY, body });
		expect(poor.status).toBe(isPaid ? 402 : good);
	},
);

test('a key in the query is not accepted', async () => {
	const path = `p-video/health?api_key=${KEY}`;
	expect((await client.call('GET', path, { key: '' })).status).toBe(401);
});

test.each<[string, string, number]>([
	['POST', 'nothing/run', 404],
	['GET', 'nothing/health', 404],
	['POST', 'P-Video/run', 404],
	['POST', 'p-video', 404],
	['POST', 'p-video/Run', 404],
	['POST', 'p-video/run/', 404],
	['GET', 'p-video/status', 404],
	['GET', 'p-video/status/a/b', 404],
	['GET', '', 404],
	['GET', '../v1/p-video/health', 404],
	['GET', 'p-video/health?verbose=1', 200],
])('%s %s is answered %d', async (method, path, wanted) => {
	const reply = await client.call(method, path, method === 'POST' ? { body: INPUT } : {});
	expect(reply.status).toBe(wanted);
	expect(client.simulator.ledger.jobs).toHaveLength(0);
});

test.each(['status', 'cancel', 'retry'])(
	'%s finds no job of another endpoint',
	async (operation) => {
		client.simulator.hold();
		const id = await client.run();
		const method = operation === 'status' ? 'GET' : 'POST';
		expect((await client.call(method, `other/${operation}/${id}`)).status).toBe(404);
		expect((await client.status(id)).body.status).toBe('IN_QUEUE');
	},
);

test('health counts the jobs of its own endpoint', async () => {
	await client.runsync();
	const jobsOf = async (endpoint: string) =>
		(await client.call('GET', `${endpoint}/health`)).body.jobs;
	expect(await jobsOf('p-video')).toMatchObject({ completed: 1 });
	expect(await jobsOf('other')).toMatchObject({ completed: 0 });
});
