/**
 * Makes the pictures of README and docs from the real editor: `npm run screenshots`. Look at them before they are
 * committed.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { readExample, withCredential } from '../tools/n8n/workflow';
import { startStage, type Stage } from '../tools/n8n/stage';
import {
	chain,
	fields,
	manualTrigger,
	PRUNA_VIDEO,
	prunaVideo,
	prunaVideoTrigger,
} from './build-workflow';
import { Editor, startBrowser, type Look } from './editor';

const FOLDER = join(__dirname, '../../docs/images');
/** Names of pictures on the command line; without any, all are taken. */
const WANTED = process.argv.slice(2);
const THEMES = ['light', 'dark'] as const;
/** Wide enough for all three panes of a node. */
const WINDOW = { scale: 2, size: { width: 1500, height: 860 } };

interface Studio {
	fixture: Stage;
	editor: Editor;
	/** Saves what the element looks like. */
	shoot(name: string, subject?: Locator): Promise<void>;
}

async function openNode({ fixture, editor }: Studio, parameters: Record<string, unknown>) {
	const { api, credential } = fixture;
	const node = prunaVideo({ ...parameters, options: {} }, credential);
	await editor.openWorkflow(await api.createWorkflow(chain('Fox', [manualTrigger, node])));
	await editor.openNode(PRUNA_VIDEO);
}

const PICTURES: Record<string, (studio: Studio) => Promise<void>> = {
	async generate(studio) {
		const { editor, shoot } = studio;
		const prompt = 'A red fox trots through fresh snow at sunrise, slow tracking shot';
		await openNode(studio, { prompt, download: true });
		await editor.executeStep();
		await editor.output.getByText('1 video for').waitFor();
		await editor.showOutputAs('Table');
		await editor.output.getByText('video_url').first().waitFor();
		// High enough for the whole form.
		const { width, height } = WINDOW.size;
		await editor.page.setViewportSize({ width, height: 1180 });
		await shoot('generate', editor.part('ndv'));
		await editor.page.setViewportSize({ width, height });

		await editor.showOutputAs('Binary');
		await editor.part('ndv-view-binary-data').click();
		await editor.page.waitForFunction(() => {
			const video = document.querySelector('video');
			return video !== null && video.ended;
		});
		await shoot('video', editor.part('ndv'));
	},

	async preview({ fixture, editor, shoot }) {
		const { api, credential } = fixture;
		const node = prunaVideo({ prompt: 'A red fox trots through fresh snow' }, credential);
		const workflow = chain('Fox', [manualTrigger, node, fields('Edit Fields', {})]);
		await editor.openWorkflow(await api.createWorkflow(workflow));
		await editor.openNode('Edit Fields');
		await editor.offeredField('video_url').waitFor();
		// High enough for the fields.
		await editor.page.setViewportSize({ ...WINDOW.size, height: 640 });
		await shoot('preview', editor.part('ndv-input-panel'));
		await editor.page.setViewportSize(WINDOW.size);
	},

	async error(studio) {
		const { fixture, editor, shoot } = studio;
		const body = { error: 'account balance is 0' };
		fixture.simulator.faults.add({ operation: 'runsync', kind: 'status', status: 402, body });
		await openNode(studio, { prompt: 'A red fox trots through fresh snow' });
		await editor.executeStep();
		const message = editor.output.getByText('There is no credit left on this Runpod account');
		await message.first().waitFor();
		await shoot('error', editor.part('ndv'));
	},

	async batch({ fixture, editor, shoot }) {
		const example = await readExample('batch-from-table');
		const { api, credential } = fixture;
		const workflow = withCredential(example, credential);
		await editor.openWorkflow(await api.createWorkflow(workflow));
		await editor.part('execute-workflow-button').first().click();
		await editor.page.getByText('Workflow executed successfully').first().waitFor();
		await editor.part('zoom-to-fit').click();
		await shoot('batch', editor.part('canvas-wrapper'));
	},

	async trigger({ fixture, editor, shoot }) {
		const { api, credential } = fixture;
		await editor.openWorkflow(
			await api.createWorkflow(chain('Trigger', [prunaVideoTrigger(credential)])),
		);
		await editor.openNode('Pruna Video Trigger');
		await shoot('trigger', editor.part('ndv'));
	},
};

async function makePictures(browser: Browser, fixture: Stage, look: Look): Promise<void> {
	const editor = await Editor.open(browser, fixture, look);
	const shoot: Studio['shoot'] = async (name, subject) => {
		const path = join(FOLDER, `${name}-${look.theme}.png`);
		// A pointer that rests on something makes it look different.
		await editor.page.mouse.move(0, 0);
		await (subject ?? editor.page.locator('body')).screenshot({
			path,
			animations: 'disabled',
			// Messages that come and go.
			style: '.el-notification { visibility: hidden; }',
		});
		console.log(path);
	};
	for (const [name, make] of Object.entries(PICTURES)) {
		if (WANTED.length > 0 && !WANTED.includes(name)) continue;
		fixture.simulator.reset();
		await make({ fixture, editor, shoot });
	}
	await editor.close();
}

async function main(): Promise<void> {
	await mkdir(FOLDER, { recursive: true });
	const fixture = await startStage();
	try {
		const browser = await startBrowser();
		for (const theme of THEMES) await makePictures(browser, fixture, { theme, ...WINDOW });
		await browser.close();
	} finally {
		await fixture.endings.run();
	}
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
});
