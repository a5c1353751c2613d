/** What users see and touch in n8n's editor, in Chromium. */

import type { JsonRecord } from '../tools/n8n/json';
import { createCredential, startStage } from '../tools/n8n/stage';
import { readExample, withCredential } from '../tools/n8n/workflow';
import {
	chain,
	fields,
	manualTrigger,
	onePerPrompt,
	PRUNA_VIDEO,
	PRUNA_VIDEO_TRIGGER,
	prunaVideo,
	prunaVideoTrigger,
	type Built,
} from './build-workflow';
import { Editor, startBrowser } from './editor';
import { servePicture } from './picture';
import { stage, submit, useStage, VERSIONS } from './running';

describe.each(VERSIONS)('n8n %s', (version) => {
	let editor: Editor;
	useStage(async () => {
		const env = { N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE: 'true' };
		const started = await startStage({ version, env });
		const browser = await startBrowser();
		started.endings.add(() => browser.close());
		editor = await Editor.open(browser, started, { size: { width: 1600, height: 1350 } });
		return started;
	});
	beforeEach(() => stage.simulator.reset());

	// n8n 1.x cannot keep files in the JSON data.
	const testSince2 = version.startsWith('1.') ? test.skip : test;
	const inputs = () => stage.simulator.ledger.jobs.map(({ input }) => input);

	/** A workflow of a manual trigger, other nodes and the node, opened with the node's panel in front. */
	async function openNode(parameters: JsonRecord, before: Built[] = [], settings: JsonRecord = {}) {
		const node = prunaVideo(parameters, stage.credential);
		const workflow = chain('Editor', [manualTrigger, ...before, node], settings);
		await editor.openWorkflow(await stage.api.createWorkflow(workflow));
		await editor.openNode(PRUNA_VIDEO);
		await editor.part('node-parameters').getByText('Options', { exact: true }).first().waitFor();
	}

	test('the credential form hides the key, and says whether it works', async () => {
		const { api, simulator } = stage;
		const name = 'Runpod for the form';
		await createCredential(api, simulator, name);
		await editor.openCredential(name);
		const [key, url] = ['apiKey', 'baseUrl'].map((field) => editor.field(field).locator('input'));
		expect(await key?.getAttribute('type')).toBe('password');
		expect(await url?.inputValue()).toBe(simulator.baseUrl);
		await editor.fill('baseUrl', `${simulator.baseUrl}/`);
		await editor.part('credential-save-button').click();
		await editor.credentialSays('Connection tested successfully');

		await editor.openCredential(name);
		await editor.fill('apiKey', 'rpa_not_a_key');
		await editor.part('credential-save-button').click();
		await editor.credentialSays(/Couldn.t connect with these settings/);
		await editor.page.getByText('More details').click();
		await editor.credentialSays(/Runpod did not accept this API key.*under API Keys/);
	});

	describe('the node panel', () => {
		/** What people type who want a video. */
		const PHRASES = (
			'generate video,make video,create video,videos,text-to-video,text to video,image to video,' +
			'ai video generator,runpod video,mp4,animate,avatar,talking head,lip sync,reel,shorts,animation,' +
			'audio to video,music video,photo to video,video ad,product video,social media video,' +
			'explainer video,ugc,img2vid,video clip,footage,short video,p-video,pruna,' +
			'make a video,video finished,cheap video,ai clip'
		).split(',');

		beforeEach(async () => await editor.openNodeCreator());

		test('lists it first when people search for what they want to do', async () => {
			const missed: string[] = [];
			for (const text of PHRASES) {
				// So that the list that is read is this phrase's.
				await editor.part('node-creator-search-bar').fill('qqzzqq');
				await editor.part('node-creator-item-name').first().waitFor({ state: 'detached' });
				await editor.searchNodes(text, 'Pruna Video');
				const [first] = await editor.listedNodes();
				if (first !== 'Pruna Video') missed.push(`${text}: ${first}`);
			}
			expect(missed).toEqual([]);
			for (const text of ['AI video', 'Runpod']) await editor.searchNodes(text, 'Pruna Video');
		});

		test('lists operations and events, and opens the form of the chosen operation', async () => {
			await (await editor.searchNodes('pruna', 'Pruna Video')).click();
			await editor.page.getByText('Generate a video').waitFor();
			expect((await editor.listedNodes()).filter((name) => name !== 'Pruna Video')).toEqual([
				'Generate a video',
				'Estimate the cost of a video',
				'Submit a job',
				'Get a job',
				'Cancel a job',
				'Retry a job',
				'Get the health of the endpoint',
			]);
			const triggers = editor.page.getByText(/^Triggers \(/);
			await triggers.first().click();
			await editor.page.getByText('When a job times out').waitFor();
			expect((await editor.listedNodes()).slice(-4)).toEqual([
				'When a video is completed',
				'When a video fails',
				'When a job is cancelled',
				'When a job times out',
			]);
			await editor.page.getByText('Generate a video').click();
			await editor.part('ndv').waitFor();
			await editor.field('prompt').waitFor();
		});
	});

	describe('the short form', () => {
		const FIELDS = (
			'Resource,Operation,Prompt,Image,Audio,Duration (Seconds),Resolution,Draft Mode,' +
			'Aspect Ratio,Download Video,Additional Fields,Options'
		).split(',');
		/** Down from the window's upper edge, which n8n's own 110 pixels above the form are part of. */
		const MOST_PIXELS = 1150;

		test(`is at most ${MOST_PIXELS} pixels high, and no field hides another`, async () => {
			await openNode({ prompt: 'A cat' });
			expect(await editor.labels()).toEqual(FIELDS);
			const { y, height } = (await editor.addOption().boundingBox())!;
			process.stdout.write(`n8n ${version}: the form ends at ${Math.round(y + height)} pixels\n`);
			expect(y + height).toBeLessThanOrEqual(MOST_PIXELS);

			const files = { image: 'data', audio: 'https://example.com/voice.mp3' };
			await openNode({
				prompt: 'A cat',
				...files,
				draft: true,
				resolution: '1080p',
				download: true,
			});
			expect(await editor.labels()).toEqual(FIELDS);
		});

		test('no expression in any field stops a workflow before it starts, or hides a field', async () => {
			const main = {
				prompt: 'A cat',
				image: '',
				audio: null,
				duration: '7',
				resolution: '1080P',
				draft: 'yes',
				aspectRatio: '9x16',
				download: 'no',
			};
			const row = { ...main, seed: 7, fps: '48', limit: '0.40' };
			const from = (name: string) => `={{ $('Row').item.json.${name} }}`;
			const parameters = {
				...Object.fromEntries(Object.keys(main).map((name) => [name, from(name)])),
				additionalFields: { seed: from('seed'), fps: from('fps'), additionalInput: from('none') },
				options: {
					maxCostPerItem: from('limit'),
					executionMode: from('none'),
					policy: from('none'),
				},
			};
			await openNode(parameters, [fields('Row', row)]);
			const labels = await editor.labels();
			expect(FIELDS.filter((label) => !labels.includes(label))).toEqual([]);
			await editor.closeNode();
			await editor.part('execute-workflow-button').first().click();
			await editor.page.getByText('Workflow executed successfully').first().waitFor();
			const { prompt } = row;
			const shape = { duration: 7, resolution: '1080p', draft: true, aspect_ratio: '9:16' };
			expect(inputs()).toEqual([expect.objectContaining({ prompt, ...shape, seed: 7, fps: 48 })]);
			expect(inputs()[0]).not.toHaveProperty('image');
		});

		test('Image takes nothing, a URL, a file by its name, a data URI, and a file by expression', async () => {
			const { content, node } = await servePicture(100, stage.endings);
			const uri = `data:image/png;base64,${content.toString('base64')}`;
			await openNode({ prompt: 'A cat' }, [node]);
			const url = 'https://example.com/photo.png';
			const typed = [
				['', undefined],
				[url, url],
				['data', uri],
				[uri, uri],
				["={{ $('HTTP Request').item.binary.data }}", uri],
			] as const;
			for (const [text] of typed) {
				if (text !== '') await editor.fill('image', text);
				const jobs = inputs().length;
				await editor.executeStep();
				await stage.simulator.waitFor((ledger) => ledger.count('COMPLETED') > jobs, 60_000);
				await editor.stepIsDone();
			}
			expect(inputs().map(({ image }) => image)).toEqual(typed.map(([, image]) => image));
		});

		test('Image takes a column that is dragged from the input panel', async () => {
			await openNode({ prompt: 'A cat' }, onePerPrompt(['https://example.com/photo.png']));
			await editor.dragInput('prompt', 'image');
			await editor.executeStep();
			await editor.output.getByText('1 video for $0.10').waitFor();
			expect(inputs().map(({ image }) => image)).toEqual(['https://example.com/photo.png']);
		});

		testSince2('Image takes a file that is dragged from the input panel', async () => {
			const { content, node } = await servePicture(100, stage.endings);
			await openNode({ prompt: 'A cat' }, [node], { binaryMode: 'combined' });
			await editor.dragInput('data', 'image');
			expect(await editor.field('image').innerText()).toContain('{{ $item._files.data }}');
			// n8n 2.41's new expression engine finds nothing there, in any node: $item is a function in it.
			const image = '={{ $json._files.data }}';
			await openNode({ prompt: 'A cat', image }, [node], { binaryMode: 'combined' });
			await editor.executeStep();
			await editor.output.getByText('1 video for $0.10').waitFor();
			const uri = `data:image/png;base64,${content.toString('base64')}`;
			expect(inputs().map((input) => input.image)).toEqual([uri]);
		});
	});

	testSince2('the next node is offered the output before anything was executed', async () => {
		const { api, credential } = stage;
		const node = prunaVideo({ prompt: 'A cat' }, credential);
		const workflow = chain('Preview', [manualTrigger, node, fields('Next', {})]);
		await editor.openWorkflow(await api.createWorkflow(workflow));
		await editor.openNode('Next');
		for (const name of ['video_url', 'cost']) await editor.offeredField(name).waitFor();
		expect(inputs()).toEqual([]);
	});

	test('starts with what was typed, and ends with the video playing in the output', async () => {
		await openNode({ prompt: '', download: true });
		await editor.fill('prompt', 'A red fox trots through fresh snow');
		await editor.executeStep();
		await editor.output.getByText('1 video for $0.10').waitFor();
		expect(await editor.output.getByText('Video URLs expire').count()).toBe(0);
		expect(inputs().map(({ prompt }) => prompt)).toEqual(['A red fox trots through fresh snow']);
		await editor.showOutputAs('Binary');
		await editor.part('ndv-view-binary-data').click();
		// It plays by itself, to its end.
		await editor.page.waitForFunction(() => {
			const video = document.querySelector('video');
			return video !== null && video.currentTime > 0 && video.videoWidth > 0;
		});
	});

	test('a failure says what happened and what to do', async () => {
		stage.simulator.faults.add({ operation: 'runsync', kind: 'status', status: 402 });
		await openNode({ prompt: 'A cat' });
		await editor.executeStep();
		const said = [
			'There is no credit left on this Runpod account',
			'Add credit in the Runpod console',
		];
		for (const text of said) await editor.output.getByText(text).first().waitFor();
	});

	test('the trigger names the URL for Runpod to call, asks for events first, and receives a test call', async () => {
		const { api, credential } = stage;
		const workflow = chain('Trigger', [prunaVideoTrigger(credential)]);
		await editor.openWorkflow(await api.createWorkflow(workflow));
		await editor.openNode(PRUNA_VIDEO_TRIGGER);
		const form = editor.part('node-parameters');
		await form.getByText(/copy the Production URL/).waitFor();
		expect(await form.innerText()).toMatch(
			/Credential[^]*Production URL[^]*Events[^]*Verify[^]*Skip Duplicates[^]*Download Video[^]*Simplify/,
		);
		await editor.page.getByText('Webhook URLs', { exact: true }).click();
		const url = editor.page.getByText(/\/webhook-test\/22222222-[-0-9]+\/pruna-video/).first();
		await url.waitFor();
		await editor.part('trigger-execute-button').click();
		await editor.page.getByText('Waiting for Runpod to call the test URL').first().waitFor();
		await submit((await url.innerText()).trim());
		await editor.output.getByText('video_url').first().waitFor();
	});

	test('an agent’s tool is below the agent, and lets the model define its fields', async () => {
		const { api, credential } = stage;
		const workflow = withCredential(await readExample('ai-agent'), credential);
		await editor.openWorkflow(await api.createWorkflow(workflow));
		await editor.openNode('Make Video');
		await editor.field('toolDescription').waitFor();
		const overrides = editor.part('fromAI-override-field');
		// n8n 1 does not show that of a list.
		const count = version.startsWith('1.') ? 2 : 3;
		await overrides.nth(count - 1).waitFor();
		const texts = await overrides.allInnerTexts();
		expect(texts).toEqual(Array(count).fill('Defined automatically by the model'));
	});
});
