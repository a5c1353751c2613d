/** Names of downloaded files: a batch of equal names does not overwrite its own files when it is saved. */
import type { IDataObject } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../tools/simulator';
import { CONTINUE, generate, shots } from './batch';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator({ unknownAtFirst: { looks: 0, ms: 0 } });
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

const download = (fileName: string): { parameters: IDataObject; options: IDataObject } => ({
	parameters: { download: true },
	options: { fileName, concurrency: 10 },
});
const namesOf = ({ items }: Awaited<ReturnType<typeof generate>>) =>
	items.map(({ binary }) => binary?.data?.fileName);

test('the same name fifty times becomes fifty names, in the order of the items', async () => {
	const names = namesOf(await generate(simulator, { prompts: shots(50), ...download('Ad v1.25') }));
	expect(names).toEqual([
		'Ad v1.25.mp4',
		...Array.from({ length: 49 }, (_, index) => `Ad v1.25 (${index + 2}).mp4`),
	]);
});

test.each([
	'={{ ["AC/DC live", "AC-DC live", "ac-dc live.mp4", "AC/DC live.MP4 "][$itemIndex] }}',
	`={{ "${'é'.repeat(150)}" + $itemIndex }}`,
])('names that only differ in spelling or far behind stay distinct: %s', async (fileName) => {
	const names = namesOf(await generate(simulator, { prompts: shots(4), ...download(fileName) }));
	expect(new Set(names.map((name) => name?.toLowerCase())).size).toBe(4);
	expect(names.every((name) => name?.endsWith('.mp4'))).toBe(true);
});

test('without a name the files are named after their jobs', async () => {
	const result = await generate(simulator, { prompts: shots(2), ...download('') });
	expect(namesOf(result)).toEqual(result.items.map(({ json }) => `pruna-video-${json.id}.mp4`));
});

test('a failed item does not change the names of the others', async () => {
	const match = { prompt: 'shot 1.' };
	simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'no', match });
	const batch = { prompts: shots(3), ...download('fox.mp4'), settings: CONTINUE };
	const result = await generate(simulator, batch);
	expect(namesOf(result)).toEqual(['fox.mp4', undefined, 'fox (3).mp4']);
});

test('Job > Get keeps file names distinct too', async () => {
	const submitted = await generate(simulator, {
		prompts: shots(2),
		parameters: { resource: 'job', operation: 'submit' },
	});
	await simulator.waitFor((ledger) => ledger.count('COMPLETED') === 2);
	const jobId = '={{ $json.id }}';
	const got = await generate(simulator, {
		parameters: { resource: 'job', operation: 'get', jobId, download: true },
		options: { fileName: 'fox' },
		items: submitted.items,
	});
	expect(namesOf(got)).toEqual(['fox.mp4', 'fox (2).mp4']);
});
