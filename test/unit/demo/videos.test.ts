import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { findFaults, type MadeVideo } from '../../tools/demo/videos';
import { startSimulator, type Simulator } from '../../tools/simulator';

let simulator: Simulator;
let folder: string;
let video: MadeVideo;

/** What n8n would have given and saved, had it been asked for one video. */
beforeEach(async () => {
	simulator = await startSimulator({ profile: 'documented' });
	folder = await mkdtemp(join(tmpdir(), 'demo-test-'));
	const headers = {
		authorization: `Bearer ${simulator.apiKey}`,
		'content-type': 'application/json',
	};
	const body = JSON.stringify({ input: { prompt: 'a fox' } });
	await request(`${simulator.baseUrl}/p-video/runsync`, { method: 'POST', headers, body });
	const id = simulator.ledger.jobs[0]?.id ?? '';
	const [url, path] = [simulator.videoUrl(id), join(folder, 'fox.mp4')];
	const served = await request(url).then((answer) => answer.body.arrayBuffer());
	await writeFile(path, Buffer.from(served));
	video = { prompt: 'a fox', id, status: 'COMPLETED', url, cost: 0.1, path };
});

afterEach(async () => {
	await simulator.close();
	await rm(folder, { recursive: true });
});

it.each<[string, Partial<MadeVideo>, RegExp[]]>([
	['nothing', {}, []],
	['a wrong cost', { cost: 0.2 }, [/billed \$0.10, not \$0.20/, /cost \$0.1, not \$0.2/]],
	['an unfinished item', { status: 'IN_QUEUE' }, [/is IN_QUEUE/, /is COMPLETED at the simulator/]],
	['no file', { path: 'nowhere' }, [/'nowhere' is not what/, /'nowhere' is no MP4/]],
])('finds %s', async (_, spoiled, faults) => {
	const found = await findFaults([{ ...video, ...spoiled }], 1, simulator);
	expect(found).toEqual(faults.map((fault) => expect.stringMatching(fault)));
});
