/** Sends a record's requests to a simulator as they were sent to Runpod: the answers have the same shape. */
import { startSimulator, type JobRecord, type Simulator } from '../../tools/simulator';
import { isRecord, parseJson } from '../../tools/simulator/json';
import { shapeOf, type LiveRecord, type RecordedExchange } from '../../tools/simulator/records';

export async function replay({ options, exchanges }: LiveRecord): Promise<void> {
	const simulator = await startSimulator({ executionTimeMs: 0, ...options });
	try {
		for (const exchange of exchanges) {
			await bringJobTo(simulator, exchange);
			const { status, contentType, body } = await send(simulator, exchange);
			expect({ exchange, status, body: shapeOf(body) }).toEqual({
				exchange,
				status: exchange.status,
				body: shapeOf(exchange.body),
			});
			if (exchange.contentType) expect(contentType).toContain(exchange.contentType);
		}
	} finally {
		await simulator.close();
	}
}

/** The state that the answer was recorded in, where it says one. */
async function bringJobTo(simulator: Simulator, { path, body }: RecordedExchange): Promise<void> {
	const status = isRecord(body) ? body.status : undefined;
	const isCancel = path.includes('/cancel/');
	if (status === 'IN_QUEUE') return simulator.hold('start');
	if (isCancel ? status === 'CANCELLED' : typeof status !== 'string') return;
	simulator.release();
	const isRunning = status === 'IN_PROGRESS';
	if (isRunning) simulator.hold('finish');
	const isOpen = ({ status: state }: JobRecord) => /^IN_/.test(state);
	await simulator.waitFor((ledger) => isRunning || !ledger.jobs.some(isOpen));
}

async function send(simulator: Simulator, exchange: RecordedExchange) {
	const { method, path, key, requestBody, requestBytes = 0 } = exchange;
	const { apiKey, baseUrl, ledger } = simulator;
	const authorization = `Bearer ${key === 'wrong' ? 'rpa_wrong' : apiKey}`;
	const response = await fetch(baseUrl + path.replace('{job}', ledger.jobs.at(-1)?.id ?? ''), {
		method,
		headers: { 'content-type': 'application/json', ...(key !== 'none' && { authorization }) },
		...(requestBody !== undefined && { body: JSON.stringify(requestBody).padEnd(requestBytes) }),
	});
	const text = await response.text();
	const contentType = response.headers.get('content-type');
	return { status: response.status, contentType, body: parseJson(Buffer.from(text)) ?? text };
}
