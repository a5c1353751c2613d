/** What users see and touch in n8n's editor, in Chromium. */

import type { Browser } from 'playwright-core';
import { N8N_VERSION } from '../n8n/install';
import type { JsonRecord } from '../n8n/json';
import { freePort } from '../n8n/ports';
import { readWorkflow, withCredential } from '../n8n/workflow';
import { join } from 'node:path';
import { chain, manualTrigger, PRUNA_VIDEO, prunaVideo, prunaVideoTrigger } from './build-workflow';
import { Editor, startBrowser } from './editor';
import { createCredential, removeTarball, startFixture, type Fixture } from './fixture';

let fixture: Fixture;
let browser: Browser;
let editor: Editor;

beforeAll(async () => {
	fixture = await startFixture(N8N_VERSION, { N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE: 'true' });
	browser = await startBrowser();
	editor = await Editor.open(browser, fixture);
}, 20 * 60_000);
afterAll(async () => {
	await browser?.close();
	await fixture?.endings.run();
	await removeTarball();
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
	beforeAll(async () => {
		({ id } = await createCredential(fixture.api, fixture.simulator, NAME));
	});

	test('hides the key, shows the address, and says that a good key works', async () => {
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

	test('does not call a server that is down a success', async () => {
		await editor.openCredential(NAME);
		await editor.fill('baseUrl', `http://127.0.0.1:${await freePort()}/v2`);
		await editor.part('credential-save-button').click();
		const text = await editor.credentialSays(/Couldn.t connect with these settings/);
		expect(text).not.toContain('Connection tested successfully');
	});

	afterAll(async () => await fixture.api.call('DELETE', `/rest/credentials/${id}`));
});

describe('the node panel', () => {
	test.each(['pruna', 'AI video', 'Runpod', 'text to video'])('finds it by "%s"', async (text) => {
		await editor.openNewWorkflow();
		await editor.page.getByText('Trigger manually').first().click();
		await editor.part('node-creator-plus-button').click();
		await editor.searchNodes(text, 'Pruna Video');
	});

	test('lists what it can do, and opens the form of what is chosen', async () => {
		await editor.openNewWorkflow();
		await editor.page.getByText('Trigger manually').first().click();
		await editor.part('node-creator-plus-button').click();
		await (await editor.searchNodes('pruna', 'Pruna Video')).click();
		await editor.page.getByText('Generate a video').waitFor();
		const actions = await editor.part('node-creator-item-name').allInnerTexts();
		expect(actions).toEqual(
			expect.arrayContaining(['Generate a video', 'Estimate the cost of a video', 'Submit a job']),
		);
		await editor.page.getByText('Generate a video').click();
		await editor.part('ndv').waitFor();
		expect(await editor.labels()).toEqual([
			'Resource',
			'Operation',
			'Prompt',
			'Image Source',
			'Audio Source',
			'Duration (Seconds)',
			'Resolution',
			'Aspect Ratio',
			'Frames per Second',
			'Draft Mode',
			'Save Audio',
			'Prompt Upsampling',
			'Download Video',
			'Simplify',
			'Additional Fields',
			'Options',
		]);
	});
});

describe('the form', () => {
	test('shows the fields that fit the sources', async () => {
		await openNode({ prompt: 'A cat' });
		expect(await editor.field('imageUrl').count()).toBe(0);
		await editor.choose('imageSource', 'URL');
		await editor.field('imageUrl').waitFor();
		expect(await editor.field('aspectRatio').count()).toBe(0);
		await editor.choose('imageSource', 'None');
		await editor.field('aspectRatio').waitFor();

		await editor.choose('audioSource', 'Binary');
		await editor.field('audioBinaryField').waitFor();
		expect(await editor.field('duration').count()).toBe(0);
	});

	test('shows the fields that fit the operation', async () => {
		await openNode({ prompt: 'A cat' });
		await editor.choose('resource', 'Job');
		await editor.field('webhookUrl').waitFor();
		expect(await editor.field('download').count()).toBe(0);
		await editor.choose('operation', 'Get');
		await editor.field('jobId').waitFor();
		expect(await editor.field('prompt').count()).toBe(0);
		await editor.field('wait').waitFor();
	});

	test('offers every option of Generate', async () => {
		await openNode({ prompt: 'A cat' });
		await editor.part('collection-parameter-add').last().click();
		const options = editor.listed();
		await options.first().waitFor();
		const names = (await options.allInnerTexts()).map((text) => text.trim());
		expect(names.filter(Boolean)).toEqual([
			'Cancel on Stop',
			'Endpoint ID',
			'Execution Mode',
			'Execution Timeout',
			'File Name',
			'Include Input',
			'Items in Parallel',
			'Low Priority',
			'Max Cost per Execution',
			'Max Cost per Item',
			'Poll Interval',
			'Sync Wait',
			'Time to Live',
			'Timeout',
		]);
	});
});

describe('an execution', () => {
	test('begins with what was typed, and ends with the video playing in the output', async () => {
		await openNode({ prompt: '', download: true });
		await editor.fill('prompt', 'A red fox trots through fresh snow');
		await editor.executeStep();
		await editor.output.getByText('1 video for $0.10').waitFor();
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

	test('that fails says what happened and what to do', async () => {
		fixture.simulator.faults.add({ operation: 'runsync', kind: 'status', status: 402 });
		await openNode({ prompt: 'A cat' });
		await editor.executeStep();
		await editor.output
			.getByText('There is no credit left on this Runpod account')
			.first()
			.waitFor();
		await editor.output.getByText("Add credit in Runpod's console under Billing").first().waitFor();
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

	test('with pinned data asks Runpod for nothing', async () => {
		await openNode({ prompt: 'A cat' });
		await editor.executeStep();
		await editor.output.getByText('1 video for $0.10').waitFor();
		await editor.part('ndv-pin-data').click();
		await editor.part('ndv-close-button').click();
		await editor.part('execute-workflow-button').first().click();
		await editor.page.getByText('Workflow executed successfully').first().waitFor();
		expect(fixture.simulator.ledger.jobs).toHaveLength(1);
	});
});

test('the trigger shows where Runpod has to call, and takes a test call', async () => {
	const { api, credential, simulator } = fixture;
	await editor.openWorkflow(
		await api.createWorkflow(chain('Trigger', [prunaVideoTrigger(credential)])),
	);
	await editor.openNode('Pruna Video Trigger');
	await editor.page.getByText('Webhook URLs').click();
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

test('an agent’s tool stands below the agent, and lets the model define its fields', async () => {
	const { api, credential } = fixture;
	const example = await readWorkflow(join(__dirname, '../../examples/ai-agent.json'));
	const workflow = withCredential(example, 'runpodApi', credential);
	await editor.openWorkflow(await api.createWorkflow(workflow));
	await editor.node('Make Video').waitFor();
	await editor.openNode('Make Video');
	await editor.field('toolDescription').waitFor();
	expect(await editor.field('prompt').innerText()).toContain("$fromAI('prompt'");
	expect(await editor.field('duration').innerText()).toContain("$fromAI('duration'");
});
