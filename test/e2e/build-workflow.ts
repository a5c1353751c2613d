/** Workflows as the tests need them: a trigger, one item per prompt, then Pruna Video. */

import type { JsonRecord } from '../tools/n8n/json';
import {
	CREDENTIAL_TYPE,
	type CredentialRef,
	type Workflow,
	type WorkflowNode,
} from '../tools/n8n/workflow';

export const MANUAL_TRIGGER = 'Start';
export const PRUNA_VIDEO = 'Pruna Video';
export const PRUNA_VIDEO_TRIGGER = 'Pruna Video Trigger';

export interface Built extends WorkflowNode {
	typeVersion: number;
}

export const manualTrigger: Built = {
	name: MANUAL_TRIGGER,
	type: 'n8n-nodes-base.manualTrigger',
	typeVersion: 1,
	parameters: {},
};

/** Answers at once and lets the workflow run on. */
export function webhookTrigger(path: string, options: JsonRecord = {}): Built {
	return {
		name: MANUAL_TRIGGER,
		type: 'n8n-nodes-base.webhook',
		typeVersion: 2,
		parameters: { httpMethod: 'POST', path, responseMode: 'onReceived', options },
		webhookId: path,
	};
}

/** Gives an item with these fields beside those that it had: as they are, or an expression for their JSON. */
export function fields(name: string, json: JsonRecord | `={{${string}}}`): Built {
	const jsonOutput = typeof json === 'string' ? json : JSON.stringify(json);
	const parameters = { mode: 'raw', jsonOutput, includeOtherFields: true, options: {} };
	return { name, type: 'n8n-nodes-base.set', typeVersion: 3.4, parameters };
}

/** One item `{ prompt }` for each of these, or of those in the body of a call. */
export function onePerPrompt(prompts?: readonly string[]): [Built, Built] {
	return [
		fields('Prompts', prompts ? { prompt: prompts } : '={{ { prompt: $json.body.prompts } }}'),
		{
			name: 'One Item per Prompt',
			type: 'n8n-nodes-base.splitOut',
			typeVersion: 1,
			parameters: { fieldToSplitOut: 'prompt', options: {} },
		},
	];
}

export interface NodeSettings {
	onError?: 'continueRegularOutput' | 'continueErrorOutput';
	retryOnFail?: boolean;
	maxTries?: number;
	waitBetweenTries?: number;
}

export function prunaVideo(
	parameters: JsonRecord,
	credential: CredentialRef | undefined,
	settings: NodeSettings = {},
	name = PRUNA_VIDEO,
): Built {
	return {
		name,
		type: 'n8n-nodes-pruna-video.prunaVideo',
		typeVersion: 1,
		parameters,
		...(credential && { credentials: { [CREDENTIAL_TYPE]: credential } }),
		...settings,
	};
}

/** @param webhookId part of its addresses: another one in every workflow that listens at the same time */
export function prunaVideoTrigger(
	credential: CredentialRef,
	parameters: JsonRecord = {},
	webhookId = '22222222-0000-4000-8000-000000000001',
): Built {
	return {
		name: PRUNA_VIDEO_TRIGGER,
		type: 'n8n-nodes-pruna-video.prunaVideoTrigger',
		typeVersion: 2,
		parameters,
		webhookId,
		credentials: { [CREDENTIAL_TYPE]: credential },
	};
}

/** The nodes one after the other, by their first outputs. */
export function chain(name: string, nodes: readonly Built[], settings: JsonRecord = {}): Workflow {
	const connections = nodes.slice(1).map((node, index) => {
		const target = { node: node.name, type: 'main', index: 0 };
		return [nodes[index]?.name, { main: [[target]] }];
	});
	return {
		name,
		nodes: nodes.map((node, index) => ({
			...node,
			id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
			position: [220 * index, 0],
		})),
		connections: Object.fromEntries(connections),
		settings: { executionOrder: 'v1', ...settings },
	};
}

/** With one more node between two others that follow one another. */
export function withNodeBetween(workflow: Workflow, before: string, node: Built, after: string) {
	const to = (name: string) => ({ main: [[{ node: name, type: 'main', index: 0 }]] });
	const added = { [before]: to(node.name), [node.name]: to(after) };
	return {
		...workflow,
		nodes: [...workflow.nodes, { position: [0, 400], id: node.name, ...node }],
		connections: { ...workflow.connections, ...added },
	};
}
