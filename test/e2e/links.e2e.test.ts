/** Files as links: Runpod fetches them from n8n's signed address, wherever n8n keeps binary data. */

import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf } from '../tools/n8n/execution';
import { Endings, startStage, type Stage } from '../tools/n8n/stage';
import { chain, MANUAL_TRIGGER, manualTrigger, prunaVideo } from './build-workflow';
import { makePicture, servePicture, type Picture } from './file-server';
import { fileFromBase64, fileFromDisk, fileFromUrl } from './file-nodes';

const AS_LINK = {
	prompt: 'A cat',
	imageSource: 'binary',
	imageBinaryField: 'data',
	options: { sendFilesAs: 'link' },
};
const files = new Endings();
let folder: string;

beforeAll(async () => {
	folder = await realpath(await mkdtemp(join(tmpdir(), 'pruna-video-links-')));
	files.add(() => rm(folder, { recursive: true, force: true }));
});
afterAll(async () => await files.run());

/** Nodes that give the picture as a file in the field `data`. */
const SOURCES = {
	'Convert to File': async ({ content }: Picture) => fileFromBase64(content),
	'Read Files from Disk': async ({ content, sha256 }: Picture) => {
		const path = join(folder, `${sha256}.png`);
		await writeFile(path, content);
		return [fileFromDisk(path)];
	},
	'HTTP Request': async (picture: Picture) => [fileFromUrl(await servePicture(picture, files))],
};

async function startWith(mode: 'filesystem' | 'database' | 'default'): Promise<Stage> {
	const env = { N8N_DEFAULT_BINARY_DATA_MODE: mode, N8N_RESTRICT_FILE_ACCESS_TO: folder };
	const stage = await startStage({ env });
	stage.simulator.options.fetchMedia = true;
	return stage;
}

async function run({ api, credential }: Stage, source: keyof typeof SOURCES, picture: Picture) {
	const nodes = [manualTrigger, ...(await SOURCES[source](picture))];
	const workflow = chain('Link', [...nodes, prunaVideo(AS_LINK, credential)]);
	const id = await api.runWorkflow(await api.createWorkflow(workflow), MANUAL_TRIGGER);
	return await api.finishedExecution(id);
}

describe.each(['filesystem', 'database'] as const)('binary data in %s', (mode) => {
	let stage: Stage;
	beforeAll(async () => (stage = await startWith(mode)), 20 * 60_000);
	afterAll(async () => await stage?.endings.run());
	beforeEach(() => stage.simulator.reset());

	test.each([
		['Convert to File', 100_000],
		['Read Files from Disk', 3_000_000],
		['HTTP Request', 40_000_000],
	] as const)('from %s, %s bytes arrive unchanged', async (source, bytes) => {
		const picture = makePicture(bytes);
		const execution = await run(stage, source, picture);
		expect([execution.status, failureOf(execution)]).toEqual(['success', undefined]);
		const { jobs } = stage.simulator.ledger;
		expect(jobs.flatMap(({ fetched }) => fetched)).toEqual([
			{
				field: 'image',
				url: expect.stringContaining(`${stage.main.url}/rest/binary-data/signed?token=`),
				bytes,
				sha256: picture.sha256,
			},
		]);
		expect(jobs.map(({ status }) => status)).toEqual(['COMPLETED']);
	});
});

describe('binary data in memory', () => {
	let stage: Stage;
	beforeAll(async () => (stage = await startWith('default')), 20 * 60_000);
	afterAll(async () => await stage?.endings.run());

	test('is refused before anything is submitted, with what to set', async () => {
		const execution = await run(stage, 'Convert to File', makePicture(1000));
		expect(execution.status).toBe('error');
		const failure = failureOf(execution);
		expect(failure).toContain('the file cannot be sent as a link, because n8n keeps binary data');
		expect(failure).toContain('N8N_DEFAULT_BINARY_DATA_MODE');
		expect(stage.simulator.ledger.jobs).toEqual([]);
	});
});
