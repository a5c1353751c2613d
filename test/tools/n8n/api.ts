/** n8n's own REST API, as its editor uses it. */

import { parse as parseFlatted } from 'flatted';
import { request } from 'undici';
import { readExecution, type Execution } from './execution';
import { at, isRecord, listAt, shortened, stringAt, type JsonRecord } from './json';
import { until } from './program';
import type { Workflow } from './workflow';

/** Of every n8n that is started here. */
export const OWNER = {
	email: 'demo@pruna-video.example',
	password: 'Pruna-Video-1',
	firstName: 'Pruna',
	lastName: 'Video',
};

export interface Credential {
	name: string;
	type: string;
	data: JsonRecord;
}

const FINAL = ['success', 'error', 'canceled', 'crashed'];

export class N8nApi {
	private constructor(
		readonly url: string,
		private cookie: string,
	) {}

	/** For a fresh n8n: makes its owner, who is then logged in. */
	static async setUpOwner(url: string): Promise<N8nApi> {
		const api = new N8nApi(url, '');
		await api.call('POST', '/rest/owner/setup', OWNER);
		return api;
	}

	/** Its id. */
	async createCredential(credential: Credential): Promise<string> {
		return stringAt(await this.call('POST', '/rest/credentials', credential), 'id');
	}

	/** What the editor's form does after saving: `OK`, or `Error` with the message shown. */
	async testCredential(id: string, credential: Credential) {
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
	async runWorkflow(id: string, trigger: string, json?: JsonRecord): Promise<string> {
		const workflowData = await this.call('GET', `/rest/workflows/${id}`);
		const times = { startTime: Date.now(), executionTime: 0, executionIndex: 0 };
		const data = { ...times, executionStatus: 'success', data: { main: [[{ json }]] }, source: [] };
		const body = { workflowData, triggerToStartFrom: { name: trigger, ...(json && { data }) } };
		const answer = await this.call('POST', `/rest/workflows/${id}/run`, body);
		return String(at(answer, 'executionId'));
	}

	/** Takes it back; when this returns its triggers listen no more. */
	async deactivate(id: string): Promise<void> {
		await this.activate(id, false);
	}

	/** Publishes it; when this returns its triggers listen. */
	async activate(id: string, active = true): Promise<void> {
		const path = `/rest/workflows/${id}`;
		const version = active && { versionId: at(await this.call('GET', path), 'versionId') };
		const action = `${path}/${active ? 'activate' : 'deactivate'}`;
		// Before n8n 2.0 that was a field.
		if (!(await this.call('POST', action, { ...version }, 404))) {
			await this.call('PATCH', path, { active, ...version });
		}
		// Current versions of n8n answer before they have done it; earlier ones have done it then.
		await until(async () => {
			const answer = await this.call('GET', `${path}/publication-status`, undefined, 404);
			const status = at(answer, 'status');
			if (status === 'failed') throw new Error(JSON.stringify(answer));
			return answer === undefined || status === (active ? 'published' : 'not_published');
		});
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
		if (at(answer, 'waitingForWebhook') === true) return;
		throw new Error(`n8n does not listen for ${trigger}: ${JSON.stringify(answer)}`);
	}

	async execution(id: string): Promise<Execution> {
		const answer = await this.call('GET', `/rest/executions/${id}`);
		const data = at(answer, 'data');
		const parsed: unknown = typeof data === 'string' ? parseFlatted(data) : data;
		return readExecution(at(answer, 'status'), parsed);
	}

	async finishedExecution(id: string, withinMs = 120_000): Promise<Execution> {
		let status = '';
		const finished = async () => {
			const execution = await this.execution(id);
			status = execution.status;
			return FINAL.includes(status) && execution;
		};
		const problem = () => `Execution ${id} is still ${status}`;
		return await until(finished, { withinMs, problem });
	}

	/** The IDs of a workflow's executions, once there are at least `count` of them. */
	async executionsOf(workflowId: string, count: number): Promise<string[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const path = `/rest/executions?limit=100&filter=${filter}`;
		let ids: string[] = [];
		const listed = async () => {
			const results = listAt(await this.call('GET', path), 'results');
			// n8n asks for running and for ended ones in turn: one that ends meanwhile is listed twice.
			ids = [...new Set(results.map((execution) => stringAt(execution, 'id')))];
			return ids.length >= count && ids;
		};
		const problem = () => `n8n lists ${ids.length} executions of ${count}`;
		return await until(listed, { withinMs: 150_000, problem });
	}

	async stopExecution(id: string): Promise<void> {
		await this.call('POST', `/rest/executions/${id}/stop`);
	}

	/** Retry in the list of executions, with the workflow as it is saved now or as it was; returns when it has ended. */
	async retryExecution(id: string, loadWorkflow: boolean): Promise<void> {
		await this.call('POST', `/rest/executions/${id}/retry`, { loadWorkflow });
	}

	/** The bytes of a binary field, wherever this n8n keeps them: in the item, or in a storage. */
	async storedFile(field: unknown): Promise<Buffer> {
		const id = at(field, 'id');
		if (typeof id === 'string') return await this.binaryData(id);
		return Buffer.from(stringAt(field, 'data'), 'base64');
	}

	/** `id` as in `item.binary.<field>.id`. */
	async binaryData(id: string): Promise<Buffer> {
		return await this.send('GET', `/rest/binary-data?id=${encodeURIComponent(id)}&action=download`);
	}

	/** Any other request; the `data` of its answer, and nothing where n8n answers with `missing`. */
	async call(method: string, path: string, body?: unknown, missing?: number): Promise<unknown> {
		const text = (await this.send(method, path, body, missing)).toString();
		const answer: unknown = text === '' ? undefined : JSON.parse(text);
		return isRecord(answer) && 'data' in answer ? answer.data : answer;
	}

	private async send(method: string, path: string, sent?: unknown, missing?: number) {
		const { statusCode, headers, body } = await request(this.url + path, {
			method,
			headers: { 'content-type': 'application/json', cookie: this.cookie },
			...(sent !== undefined && { body: JSON.stringify(sent) }),
		});
		const bytes = Buffer.from(await body.arrayBuffer());
		if (statusCode === missing) return Buffer.alloc(0);
		if (statusCode >= 400) {
			const said = shortened(`${bytes}`);
			throw new Error(`n8n answered ${method} ${path} with ${statusCode}: ${said}`);
		}
		const session = [headers['set-cookie'] ?? []].flat().find((set) => set.startsWith('n8n-auth='));
		if (session) this.cookie = session.split(';')[0] ?? '';
		return bytes;
	}
}
