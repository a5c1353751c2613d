/** n8n's editor in Chromium, in the words of somebody who uses it. Names of elements are those of n8n 2.41. */

import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { OWNER } from '../tools/n8n/api';
import type { Stage } from '../tools/n8n/stage';
import { findProgram } from './services';

const FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

/** Generous: a busy machine with two cores draws the editor in seconds. */
const PATIENCE_MS = 30_000;

export interface Look {
	theme?: 'light' | 'dark';
	/** Pixels for each CSS pixel. */
	scale?: number;
	/** Of the window, in CSS pixels. */
	size?: { width: number; height: number };
}

export async function startBrowser(): Promise<Browser> {
	const executablePath = await findProgram('chromium');
	return await chromium.launch({ executablePath, args: FLAGS });
}

export class Editor {
	private constructor(
		readonly page: Page,
		private readonly url: string,
	) {}

	/** Opens a window in which the owner is logged in. */
	static async open(browser: Browser, { main }: Stage, look: Look = {}): Promise<Editor> {
		const context = await browser.newContext({
			viewport: look.size ?? { width: 1280, height: 800 },
			colorScheme: look.theme ?? 'light',
			deviceScaleFactor: look.scale ?? 1,
		});
		context.setDefaultTimeout(PATIENCE_MS);
		const { email, password } = OWNER;
		const data = { email, emailOrLdapLoginId: email, password };
		await context.request.post(`${main.url}/rest/login`, { data });
		return new Editor(await context.newPage(), main.url);
	}

	async close(): Promise<void> {
		await this.page.context().close();
	}

	/** An element by the name that n8n gives it for tests. */
	part(id: string, within: Page | Locator = this.page): Locator {
		return within.locator(`[data-test-id="${id}"]`);
	}

	async openWorkflow(id: string): Promise<void> {
		await this.page.goto(`${this.url}/workflow/${id}`);
		await this.part('canvas-node').first().waitFor();
	}

	/** A new workflow with a trigger, and the panel that offers a node to go on with. */
	async openNodeCreator(): Promise<void> {
		await this.page.goto(`${this.url}/workflow/new`);
		await this.page.locator('[data-test-id^="canvas-"][data-test-id$="-button"]').first().click();
		await this.page.getByText('Trigger manually').first().click();
		await this.part('node-creator-plus-button').click();
	}

	/** What that panel offers. */
	async listedNodes(): Promise<string[]> {
		const names = await this.part('node-creator-item-name').allInnerTexts();
		return names.map((name) => name.trim());
	}

	/** Types into the search of the node panel; gives the entry of that name once it is listed. */
	async searchNodes(text: string, name: string): Promise<Locator> {
		await this.part('node-creator-search-bar').fill(text);
		const entry = this.part('node-creator-item-name').getByText(name, { exact: true }).first();
		await entry.waitFor();
		return entry;
	}

	node(name: string): Locator {
		const label = this.page.getByText(name, { exact: true });
		return this.part('canvas-node').filter({ has: label }).first();
	}

	async openNode(name: string): Promise<void> {
		await this.node(name).dblclick();
		await this.part('ndv').waitFor();
	}

	/** The field with this API name in the open node. */
	field(name: string): Locator {
		return this.part(`parameter-input-${name}`);
	}

	/** The labels of the open node's fields, from top to bottom. */
	async labels(): Promise<string[]> {
		const labels = this.part('input-label', this.part('node-parameters')).locator('visible=true');
		const texts = await labels.allInnerTexts();
		return [...new Set(texts.map((text) => text.split('\n')[0]!.trim()))].filter(Boolean);
	}

	async fill(name: string, text: string): Promise<void> {
		await this.field(name).locator('textarea, input').first().fill(text);
	}

	/** A field of the input that can be dragged. */
	offeredField(name: string): Locator {
		const input = this.part('ndv-input-panel');
		return input.locator(`[data-target="mappable"][data-name="${name}"]`).first();
	}

	/** Drags a field of the input, as n8n lists it in its schema once the earlier nodes were executed, into a field. */
	async dragInput(name: string, field: string): Promise<void> {
		await this.page.getByText('Execute previous nodes').click();
		const input = this.part('ndv-input-panel');
		await input.getByText('1 item').first().waitFor();
		await input.getByText('Schema', { exact: true }).click();
		const pill = this.offeredField(name);
		await pill.waitFor();
		const [from, to] = [await pill.boundingBox(), await this.field(field).boundingBox()];
		if (!from || !to) throw new Error(`${name} or ${field} is not on the screen`);
		const { mouse } = this.page;
		await mouse.move(from.x + 10, from.y + 5);
		await mouse.down();
		await mouse.move(from.x + 40, from.y + 20, { steps: 5 });
		await mouse.move(to.x + 60, to.y + 12, { steps: 15 });
		await mouse.up();
		await this.field(field).getByText('{{').first().waitFor();
	}

	/** What adds to the last collection. */
	addOption(): Locator {
		return this.page
			.locator('[data-test-id="collection-parameter-add"], [placeholder="Add Option"]')
			.last();
	}

	async closeNode(): Promise<void> {
		// 2.41's name for it, then that of 1.x.
		await this.page
			.locator('[data-test-id="ndv-close-button"], [data-test-id="back-to-canvas"]')
			.first()
			.click();
	}

	async executeStep(): Promise<void> {
		await this.part('node-execute-button').click();
	}

	/** Resolves once its button can start it again. */
	async stepIsDone(): Promise<void> {
		await this.part('node-execute-button').getByText('Execute step').waitFor();
	}

	get output(): Locator {
		return this.part('output-panel');
	}

	/** Shows the output as one of n8n's views. */
	async showOutputAs(view: 'Schema' | 'Table' | 'JSON' | 'Binary'): Promise<void> {
		await this.output.getByText(view, { exact: true }).click();
	}

	async openCredential(name: string): Promise<void> {
		await this.page.goto(`${this.url}/home/credentials`);
		await this.page.getByText(name, { exact: true }).first().click();
		await this.part('editCredential-modal').waitFor();
	}

	/** The credential form, once it shows `text`. */
	async credentialSays(text: string | RegExp): Promise<string> {
		const form = this.part('editCredential-modal');
		await form.getByText(text).first().waitFor();
		return await form.innerText();
	}
}
