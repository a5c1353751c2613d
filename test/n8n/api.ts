/** n8n's own REST API, as its editor uses it. */

import { parseFlatted } from './flatted';
import { readExecution, type Execution } from './execution';
import { at, isRecord, shortened, stringAt } from './json';
import type { Workflow } from './workflow';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Owner {
	email: string;
	password: string;
	firstName: string;
	lastName: string;
}

export interface Credential {
	name: string;
	type: string;
	data: Record<string, unknown>;
}

const FINAL = ['success', 'error', 'canceled', 'crashed'];

export class N8nApi {
	private constructor(
		readonly url: string,
		private cookie: string,
	) {}

	/** For a fresh n8n: makes its owner, who is then logged in. */
	static async setUpOwner(url: string, owner: Owner): Promise<N8nApi> {
		const api = new N8nApi(url, '');
		await api.call('POST', '/rest/owner/setup', owner);
		return api;
	}

	static async logIn(url: string, { email, password }: Owner): Promise<N8nApi> {
		const api = new N8nApi(url, '');
		await api.call('POST', '/rest/login', { email, emailOrLdapLoginId: email, password });
		return api;
	}

	/** Its id. */
	async createCredential(credential: Credential): Promise<string> {
		return stringAt(await this.call('POST', '/rest/credentials', credential), 'id');
	}

	/** What the editor's form does after saving: `OK`, or `Error` with the message shown. */
	async testCredential(
		id: string,
		credential: Credential,
	): Promise<{ status: string; message: string }> {
		const credentials = { id, ...credential };
		const answer = await this.call('POST', '/rest/credentials/test', { credentials });
		return { status: stringAt(answer, 'status'), message: stringAt(answer, 'message') };
	}

	/** Its id. */
	async createWorkflow({ name, nodes, connections, settings }: Workflow): Promise<string> {
		const body = { name, nodes, connections, settings: settings ?? {}, active: false };
		return stringAt(await this.call('POST', '/rest/workflows', body), 'id');
	}

	/**
	 * Starts it as "Execute workflow" does, from the trigger of that name; the execution's id.
	 *
	 * @param json what the trigger gives, where it is one that needs something from outside, such as a chat
	 */
	async runWorkflow(id: string, trigger: string, json?: Record<string, unknown>): Promise<string> {
		const workflowData = await this.call('GET', `/rest/workflows/${id}`);
		const data = json && {
			startTime: Date.now(),
			executionTime: 0,
			executionIndex: 0,
			executionStatus: 'success',
			data: { main: [[{ json }]] },
			source: [],
		};
		const body = { workflowData, triggerToStartFrom: { name: trigger, ...(data && { data }) } };
		const answer = await this.call('POST', `/rest/workflows/${id}/run`, body);
		return String(at(answer, 'executionId'));
	}

	/** Publishes it; when this returns its triggers listen. */
	async activate(id: string): Promise<void> {
		const versionId = at(await this.call('GET', `/rest/workflows/${id}`), 'versionId');
		const known = await this.callIfKnown('POST', `/rest/workflows/${id}/activate`, { versionId });
		// Before n8n 2.0.
		if (!known) await this.call('PATCH', `/rest/workflows/${id}`, { active: true, versionId });
		await this.publicationStatus(id, 'published');
	}

	/** Takes it back; when this returns its triggers listen no more. */
	async deactivate(id: string): Promise<void> {
		const known = await this.callIfKnown('POST', `/rest/workflows/${id}/deactivate`);
		if (!known) await this.call('PATCH', `/rest/workflows/${id}`, { active: false });
		await this.publicationStatus(id, 'not_published');
	}

	/** Current versions of n8n answer before they have done it; earlier ones have done it then. */
	private async publicationStatus(id: string, wanted: string): Promise<void> {
		const deadline = Date.now() + 60_000;
		for (;;) {
			const answer = await this.callIfKnown('GET', `/rest/workflows/${id}/publication-status`);
			if (!answer) return;
			const status = at(answer.data, 'status');
			if (status === wanted) return;
			if (status === 'failed' || Date.now() > deadline) {
				throw new Error(`Workflow ${id} is not ${wanted}: ${JSON.stringify(answer.data)}`);
			}
			await sleep(100);
		}
	}

	/** As `call`, but undefined where this n8n has no such address. */
	private async callIfKnown(
		method: string,
		path: string,
		body?: unknown,
	): Promise<{ data: unknown } | undefined> {
		try {
			return { data: await this.call(method, path, body) };
		} catch (error) {
			if (error instanceof RestError && error.status === 404) return undefined;
			throw error;
		}
	}

	/** As the button of that name on a trigger does: the test URL takes calls for two minutes. */
	async listenForTestEvent(id: string, trigger: string): Promise<void> {
		const workflowData = await this.call('GET', `/rest/workflows/${id}`);
		const version = stringAt(await this.call('GET', '/rest/settings'), 'versionCli');
		// The name itself was enough in n8n 1.100, and is no longer in 1.123.
		const destinationNode = /^1\.1[01]\d\./.test(version)
			? trigger
			: { nodeName: trigger, mode: 'inclusive' };
		const body = { workflowData, destinationNode };
		const answer = await this.call('POST', `/rest/workflows/${id}/run`, body);
		if (at(answer, 'waitingForWebhook') !== true) {
			throw new Error(`n8n does not listen for ${trigger}: ${JSON.stringify(answer)}`);
		}
	}

	async execution(id: string): Promise<Execution> {
		const answer = await this.call('GET', `/rest/executions/${id}`);
		const data = at(answer, 'data');
		const parsed = typeof data === 'string' ? parseFlatted(data) : data;
		return readExecution({ status: at(answer, 'status'), data: parsed });
	}

	async finishedExecution(id: string, withinMs = 120_000): Promise<Execution> {
		const deadline = Date.now() + withinMs;
		for (;;) {
			const execution = await this.execution(id);
			if (FINAL.includes(execution.status)) return execution;
			if (Date.now() > deadline) {
				throw new Error(`Execution ${id} is still ${execution.status} after ${withinMs} ms`);
			}
			await sleep(200);
		}
	}

	async stopExecution(id: string): Promise<void> {
		await this.call('POST', `/rest/executions/${id}/stop`);
	}

	/** A file that an item holds; `id` as in `item.binary.<field>.id`. */
	async binaryData(id: string): Promise<Buffer> {
		const path = `/rest/binary-data?id=${encodeURIComponent(id)}&action=download`;
		const response = await fetch(this.url + path, { headers: { cookie: this.cookie } });
		if (!response.ok) throw new RestError('GET', path, response.status, await response.text());
		return Buffer.from(await response.arrayBuffer());
	}

	/** The bytes of a binary field, wherever this n8n keeps them: in the item, or in a storage. */
	async storedFile(field: unknown): Promise<Buffer> {
		const id = at(field, 'id');
		return typeof id === 'string'
			? await this.binaryData(id)
			: Buffer.from(stringAt(field, 'data'), 'base64');
	}

	/** Any other request; the `data` of its answer. */
	async call(method: string, path: string, body?: unknown): Promise<unknown> {
		const response = await fetch(this.url + path, {
			method,
			headers: { 'content-type': 'application/json', cookie: this.cookie },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await response.text();
		if (!response.ok) throw new RestError(method, path, response.status, text);
		const session = response.headers.getSetCookie().find((set) => set.startsWith('n8n-auth='));
		if (session) this.cookie = session.split(';')[0] ?? '';
		const answer: unknown = text === '' ? undefined : JSON.parse(text);
		return isRecord(answer) && 'data' in answer ? answer.data : answer;
	}
}

export class RestError extends Error {
	override name = 'RestError';

	constructor(
		method: string,
		path: string,
		readonly status: number,
		text: string,
	) {
		super(`n8n answered ${method} ${path} with ${status}: ${shortened(text)}`);
	}
}
