/** What n8n's editor says that an operation returns before anything was executed: it is what it does return. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadOutputSchema } from 'n8n-core';
import type { IDataObject, INodePropertyOptions } from 'n8n-workflow';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import type { FaultRule } from '../tools/simulator';
import { generate, simulator, useSimulator } from './batch';

const nodeDir = join(__dirname, '../../nodes/PrunaVideo');

useSimulator({ unknownAtFirst: 0, showsHealth: true });

type Ending = Partial<Extract<FaultRule, { kind: 'job' }>>;
interface Run {
	fields?: IDataObject;
	/** How the job ends. */
	end?: Ending;
	/** The job was submitted before: it has ended, or is still open. */
	job?: 'ended' | 'open';
}

const AUDIO = { audio: 'https://example.com/a.mp3' };
const FAILED: Ending = { error: 'no worker' };
/** Everything is missing that Runpod may leave out. */
const BARE: Ending = {
	output: { video_url: 'https://example.com/a.mp4' },
	omit: ['delayTime', 'executionTime'],
};

/** Together they return every field that an operation can usually return. */
const RUNS: Record<string, Run[]> = {
	'video/generate': [{}, { end: BARE }],
	'video/estimateCost': [{}, { fields: AUDIO }],
	'job/submit': [{}, { fields: AUDIO }],
	'job/get': [
		{ job: 'open' },
		...[{}, BARE, FAILED].map((end) => ({ job: 'ended', end }) as const),
	],
	'job/cancel': [{ job: 'open' }],
	'job/retry': [{ job: 'ended', end: FAILED }],
	'endpoint/getHealth': [{}],
};

async function outputOf(resource: string, operation: string, { fields, end = {}, job }: Run) {
	simulator.reset();
	simulator.faults.add({ kind: 'job', operation: '*', ...end });
	const run = async (parameters: IDataObject) => {
		const items = [{ json: {} }];
		const ran = await generate(simulator, { parameters: { prompt: 'a', ...parameters }, items });
		expect(ran.error).toBeUndefined();
		return ran.items[0]!.json;
	};
	if (job === undefined) return await run({ resource, operation, ...fields });
	if (job === 'open') simulator.hold();
	const { id } = await run({ resource: 'job', operation: 'submit' });
	const hasEnded = () => simulator.ledger.find(String(id))?.executionTime !== undefined;
	if (job === 'ended') await simulator.waitFor(hasEnded);
	return await run({ resource, operation, jobId: id });
}

test('every operation has a schema', () => {
	const menus = new PrunaVideo().description.properties.filter(({ name }) => name === 'operation');
	const operations = menus.flatMap(({ displayOptions, options }) =>
		(options as INodePropertyOptions[]).map(
			({ value }) => `${displayOptions!.show!.resource![0]}/${value}`,
		),
	);
	const folder = join(nodeDir, '__schema__/v1.0.0');
	const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
	const schemas = files.flatMap((file) => /^(.*)\.json$/.exec(file)?.[1] ?? []);
	expect(Object.keys(RUNS)).toEqual(operations);
	expect(schemas.sort()).toEqual(operations.sort());
});

test.each(Object.entries(RUNS))('%s returns what its schema says', async (name, runs) => {
	const [resource = '', operation = ''] = name.split('/');
	const outputs: IDataObject[] = [];
	for (const run of runs) outputs.push(await outputOf(resource, operation, run));
	const schema = loadOutputSchema({ nodeDir, version: 1, resource, operation });
	expect(schema).toEqual(schemaOf(outputs));
});

/** The JSON Schema of values that were returned. */
function schemaOf(values: unknown[]): object {
	const types = new Set(values.map((value) => (value === null ? 'null' : typeof value)));
	if (types.size > 1) return { type: [...types].sort().reverse() };
	if (!types.has('object')) return { type: [...types][0] };
	const names = new Set(values.flatMap((value) => Object.keys(Object(value))));
	const properties = [...names].map((name) => {
		const members = values.map((value) => Object(value)[name]);
		return [name, schemaOf(members.filter((member) => member !== undefined))];
	});
	return { type: 'object', properties: Object.fromEntries(properties) };
}
