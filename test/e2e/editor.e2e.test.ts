/** What users see and touch in n8n's editor, in Chromium. */

import type { Browser } from 'playwright-core';
import { N8N_VERSION } from '../tools/n8n/install';
import type { JsonRecord } from '../tools/n8n/json';
import { createCredential, startStage, type Stage } from '../tools/n8n/stage';
import { readExample, withCredential } from '../tools/n8n/workflow';
import { chain, manualTrigger, PRUNA_VIDEO, prunaVideo, prunaVideoTrigger } from './build-workflow';
import { Editor, startBrowser } from './editor';

const [VERSION] = (process.env.PRUNA_VIDEO_N8N_VERSIONS || N8N_VERSION).split(',');

let fixture: Stage;
let browser: Browser;
let editor: Editor;

beforeAll(async () => {
	fixture = await startStage({
		version: VERSION,
		env: { N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE: 'true' },
	});
	browser = await startBrowser();
	editor = await Editor.open(browser, fixture);
}, 20 * 60_000);
afterAll(async () => {
	await browser?.close();
	await fixture?.endings.run();
});
beforeEach(() => fixture.simulator.reset());

/** A workflow of a manual trigger and the node, opened in the editor with the node's panel in front. */
async function openNode(parameters: JsonRecord): Promise<string> {
	const { api, credential } = fixture;
	const id = await api.createWorkflow(
		chain('Editor', [manualTrigger, prunaVideo(parameters, credential)]),
	);
	await editor.openWorkflow(id);
	await editor.openNode(PRUNA_VIDEO);
	return id;
}

describe('the credential form', () => {
	const NAME = 'Runpod for the form';
	let id: string;
	// A working one for each test: n8n tests a saved credential when it is opened, too.
	beforeEach(async () => {
		({ id } = await createCredential(fixture.api, fixture.simulator, NAME));
	});
	afterEach(async () => await fixture.api.call('DELETE', `/rest/credentials/${id}`));

	test('hides the key, shows the base URL, and says that a valid key works', async () => {
		await editor.openCredential(NAME);
		const key = editor.field('apiKey').locator('input');
		expect(await key.getAttribute('type')).toBe('password');
		expect(await editor.field('baseUrl').locator('input').inputValue()).toBe(
			fixture.simulator.baseUrl,
		);
		await editor.fill('baseUrl', `${fixture.simulator.baseUrl}/`);
		await editor.part('credential-save-button').click();
		await editor.credentialSays('Connection tested successfully');
	});

	test('says what is wrong with a bad key, and what to do', async () => {
		await editor.openCredential(NAME);
		await editor.fill('apiKey', 'rpa_not_a_key');
		await editor.part('credential-save-button').click();
		await editor.credentialSays(/Couldn.t connect with these settings/);
		await editor.page.getByText('More details').click();
		await editor.credentialSays(/Runpod did not accept this API key.*Settings > API Keys/);
	});

	test('does not report success if the server is down', async () => {
		await editor.openCredential(NAME);
		await editor.fill('baseUrl', 'http://127.0.0.1:9/v2');
		await editor.part('credential-save-button').click();
		await editor.credentialSays(/Couldn.t connect with these settings/);
		await editor.page.getByText('More details').click();
		const text = await editor.credentialSays(/could not be reached \(ECONNREFUSED\)/);
		expect(text).not.toContain('Connection tested successfully');
	});
});

/** What people type who want a video. */
const PHRASES = [
	'generate video',
	'make video',
	'create video',
	'videos',
	'text-to-video',
	'text to video',
	'image to video',
	'ai video generator',
	'runpod video',
	'mp4',
	'animate',
	'avatar',
	'talking head',
	'lip sync',
	'reel',
	'shorts',
	'animation',
	'audio to video',
	'music video',
	'photo to video',
	'video ad',
	'product video',
	'social media video',
	'explainer video',
	'ugc',
	'img2vid',
	'video clip',
	'footage',
	'short video',
	'p-video',
];

describe('the node panel', () => {
	test.each(['pruna', 'AI video', 'Runpod', 'text to video'])('finds it by "%s"', async (text) => {
		await editor.openNewWorkflow();
		await editor.page.getByText('Trigger manually').first().click();
		await editor.part('node-creator-plus-button').click();
		await editor.searchNodes(text, 'Pruna Video');
	});

	test('finds it first when people search for what they want to do', async () => {
		await editor.openNewWorkflow();
		await editor.page.getByText('Trigger manually').first().click();
		await editor.part('node-creator-plus-button').click();
		const missed: string[] = [];
		for (const text of PHRASES) {
			// So that the list that is read is this phrase's.
			await editor.part('node-creator-search-bar').fill('qqzzqq');
			await editor.part('node-creator-item-name').first().waitFor({ state: 'detached' });
			await editor.searchNodes(text, 'Pruna Video');
			const [first] = await editor.part('node-creator-item-name').allInnerTexts();
			if (first?.trim() !== 'Pruna Video') missed.push(`${text}: ${first}`);
		}
		expect(missed).toEqual([]);
	});

	// n8n 1.x shows no description beside a node that has actions.
	const testSince2 = VERSION!.startsWith('1.') ? test.skip : test;
	testSince2('describes the node and its trigger together', async () => {
		await editor.openNewWorkflow();
		await editor.page.getByText('Trigger manually').first().click();
		await editor.part('node-creator-plus-button').click();
		await editor.searchNodes('make video', 'Pruna Video');
		await editor.page
			.getByText(
				'Make AI videos from text, images or audio on Runpod, or start a workflow when one is done',
			)
			.first()
			.waitFor();
	});

	test('lists the operations, and opens the form of the chosen one', async () => {
		await editor.openNewWorkflow();
		await editor.page.getByText('Trigger manually').first().click();
		await editor.part('node-creator-plus-button').click();
		await (await editor.searchNodes('pruna', 'Pruna Video')).click();
		await editor.page.getByText('Generate a video').waitFor();
		const actions = await editor.part('node-creator-item-name').allInnerTexts();
		expect(actions.map((action) => action.trim()).filter((name) => name !== 'Pruna Video')).toEqual(
			[
				'Generate a video',
				'Estimate the cost of a video',
				'Submit a job',
				'Get a job',
				'Cancel a job',
				'Retry a job',
				'Get the health of the endpoint',
			],
		);
		await editor.page
			.getByText(/^Triggers \(/)
			.first()
			.click();
		await editor.page.getByText('When a job times out').waitFor();
		const events = (await editor.part('node-creator-item-name').allInnerTexts()).slice(-4);
		expect(events.map((event) => event.trim())).toEqual([
			'When a video is completed',
			'When a video fails',
			'When a job is cancelled',
			'When a job times out',
		]);
		await editor.page.getByText('Generate a video').click();
		await editor.part('ndv').waitFor();
		// The last of them.
		await editor.part('node-parameters').getByText('Options', { exact: true }).first().waitFor();
		expect(await editor.labels()).toEqual([
			'Resource',
			'Operation',
			'Prompt',
			'Image Source',
			'Audio Source',
			'Duration (Seconds)',
			'Resolution',
			'Draft Mode',
			'Aspect Ratio',
			'Frames per Second',
			'Save Audio',
			'Prompt Upsampling',
			'Download Video',
			'Simplify',
			'Additional Fields',
			'Options',
		]);
	});
});

const GONE = { state: 'detached' } as const;

describe('the form', () => {
	test('shows the fields that fit the sources', async () => {
		await openNode({ prompt: 'A cat' });
		expect(await editor.field('imageUrl').count()).toBe(0);
		await editor.choose('imageSource', 'URL');
		await editor.field('imageUrl').waitFor();
		await editor.field('aspectRatio').waitFor(GONE);
		await editor.choose('imageSource', 'None');
		await editor.field('aspectRatio').waitFor();

		await editor.choose('audioSource', 'Binary');
		await editor.field('audioBinaryField').waitFor();
		await editor.field('duration').waitFor(GONE);
	});

	test('shows the fields that fit the operation', async () => {
		await openNode({ prompt: 'A cat' });
		await editor.choose('resource', 'Job');
		await editor.field('webhookUrl').waitFor();
		await editor.field('download').waitFor(GONE);
		await editor.choose('operation', 'Get');
		await editor.field('jobId').waitFor();
		await editor.field('prompt').waitFor(GONE);
		await editor.field('wait').waitFor();
	});

	test('offers every option of Generate', async () => {
		await openNode({ prompt: 'A cat' });
		await editor.addOption();
		const options = editor.listed();
		await options.first().waitFor();
		const names = (await options.allInnerTexts()).map((text) => text.trim());
		expect(names.filter(Boolean)).toEqual([
			'Max Cost per Item (USD)',
			'Max Cost per Execution (USD)',
			'Items in Parallel',
			'Execution Mode',
			'Timeout (Seconds)',
			'Sync Wait (Seconds)',
			'Poll Interval (Seconds)',
			'Cancel on Stop',
			'Cancel on Timeout',
			'Resubmit Uncertain Jobs',
			'File Name',
			'Include Input',
			'Send Files As',
			'Webhook URL',
			'Endpoint ID',
			'Runpod: Execution Timeout (Seconds)',
			'Runpod: Time to Live (Seconds)',
			'Runpod: Low Priority',
		]);
	});
});

describe('an execution', () => {
	test('starts with what was typed, and ends with the video playing in the output', async () => {
		await openNode({ prompt: '', download: true });
		await editor.fill('prompt', 'A red fox trots through fresh snow');
		await editor.executeStep();
		await editor.output.getByText('1 video for $0.10').waitFor();
		expect(await editor.output.getByText('Video URLs expire').count()).toBe(0);
		expect(fixture.simulator.ledger.jobs.map(({ input }) => input.prompt)).toEqual([
			'A red fox trots through fresh snow',
		]);
		await editor.showOutputAs('JSON');
		await editor.output.getByText('video_url').first().waitFor();

		await editor.showOutputAs('Binary');
		await editor.part('ndv-view-binary-data').click();
		// It plays by itself, to its end.
		await editor.page.waitForFunction(() => {
			const video = document.querySelector('video');
			return video !== null && video.currentTime > 0 && video.videoWidth > 0;
		});
	});

	test('says when the URL expires and, after an estimate, the total', async () => {
		await openNode({ prompt: 'A cat' });
		await editor.executeStep();
		await editor.output.getByText(/^Video URLs expire on .*turn on 'Download Video'/).waitFor();
		await editor.choose('operation', 'Estimate Cost');
		await editor.executeStep();
		await editor.output.getByText('1 video estimated at $0.10; nothing was submitted').waitFor();
	});

	test('that fails says what happened and what to do', async () => {
		fixture.simulator.faults.add({ operation: 'runsync', kind: 'status', status: 402 });
		await openNode({ prompt: 'A cat' });
		await editor.executeStep();
		await editor.output
			.getByText('There is no credit left on this Runpod account')
			.first()
			.waitFor();
		await editor.output
			.getByText('Add credit in the Runpod console under Billing')
			.first()
			.waitFor();
	});

	test('names the item and the field that is wrong', async () => {
		await openNode({ prompt: 'A cat', duration: '={{ 11 }}' });
		await editor.executeStep();
		await editor.output
			.getByText("'Duration (Seconds)' must be a whole number from 1 to 10, but is 11")
			.first()
			.waitFor();
		expect(fixture.simulator.ledger.jobs).toEqual([]);
	});

	test('with pinned data sends nothing to Runpod', async () => {
		await openNode({ prompt: 'A cat' });
		await editor.executeStep();
		await editor.output.getByText('1 video for $0.10').waitFor();
		await editor.part('ndv-pin-data').click();
		await editor.closeNode();
		await editor.part('execute-workflow-button').first().click();
		await editor.page.getByText('Workflow executed successfully').first().waitFor();
		expect(fixture.simulator.ledger.jobs).toHaveLength(1);
	});
});

test('the trigger shows the URL for Runpod to call, and receives a test call', async () => {
	const { api, credential, simulator } = fixture;
	await editor.openWorkflow(
		await api.createWorkflow(chain('Trigger', [prunaVideoTrigger(credential)])),
	);
	await editor.openNode('Pruna Video Trigger');
	await editor.part('node-parameters').getByText('Events').first().waitFor();
	// The credential first.
	expect(await editor.part('node-parameters').innerText()).toMatch(
		/Credential[^]*Verify[^]*Events/,
	);
	await editor.page.getByText('Webhook URLs', { exact: true }).click();
	const url = editor.page.getByText(/\/webhook-test\/22222222-[-0-9]+\/pruna-video/).first();
	await url.waitFor();
	await editor.part('trigger-execute-button').click();
	await editor.page.getByText('Waiting for Runpod to call the test URL').first().waitFor();

	await fetch(`${simulator.baseUrl}/p-video/run`, {
		method: 'POST',
		headers: {
			authorization: `Bearer ${simulator.apiKey}`,
			'content-type': 'application/json',
		},
		body: JSON.stringify({ input: { prompt: 'A cat' }, webhook: (await url.innerText()).trim() }),
	});
	await editor.output.getByText('video_url').first().waitFor();
});

test('an agent’s tool is below the agent, and lets the model define its fields', async () => {
	const { api, credential } = fixture;
	const example = await readExample('ai-agent');
	const workflow = withCredential(example, credential);
	await editor.openWorkflow(await api.createWorkflow(workflow));
	await editor.node('Make Video').waitFor();
	await editor.openNode('Make Video');
	await editor.field('toolDescription').waitFor();
	const overrides = editor.part('fromAI-override-field');
	await overrides.first().waitFor();
	expect(new Set(await overrides.allInnerTexts())).toEqual(
		new Set(['Defined automatically by the model']),
	);
});
