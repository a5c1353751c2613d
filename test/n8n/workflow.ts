/** Workflow files as the editor exports them. */

import { readFile } from 'node:fs/promises';
import { at, isRecord, type JsonRecord } from './json';

export interface WorkflowNode extends JsonRecord {
	name: string;
	type: string;
	parameters: JsonRecord;
	credentials?: Record<string, { id: string | null; name: string }>;
}

export interface Workflow extends JsonRecord {
	name: string;
	nodes: WorkflowNode[];
	connections: JsonRecord;
}

export async function readWorkflow(path: string): Promise<Workflow> {
	const content: unknown = JSON.parse(await readFile(path, 'utf8'));
	if (!isWorkflow(content)) throw new Error(`${path} is no n8n workflow`);
	return content;
}

function isWorkflow(value: unknown): value is Workflow {
	return (
		isRecord(value) &&
		typeof value.name === 'string' &&
		isRecord(value.connections) &&
		Array.isArray(value.nodes) &&
		value.nodes.every(
			(node: unknown) =>
				isRecord(node) &&
				typeof node.name === 'string' &&
				typeof node.type === 'string' &&
				isRecord(node.parameters),
		)
	);
}

/** As a user does after importing: every node that wants a credential of this type gets this one. */
export function withCredential(
	workflow: Workflow,
	type: string,
	credential: { id: string; name: string },
): Workflow {
	const nodes = workflow.nodes.map((node) =>
		node.credentials?.[type]
			? { ...node, credentials: { ...node.credentials, [type]: credential } }
			: node,
	);
	return { ...workflow, nodes };
}

/** As a user does in an "Edit Fields" node: the field `name` gets another value. */
export function withAssignment(
	workflow: Workflow,
	nodeName: string,
	name: string,
	value: string,
): Workflow {
	const copy = structuredClone(workflow);
	const node = copy.nodes.find((candidate) => candidate.name === nodeName);
	const list = at(node?.parameters, 'assignments', 'assignments');
	const assignment = (Array.isArray(list) ? (list as unknown[]) : [])
		.filter(isRecord)
		.find((candidate) => candidate.name === name);
	if (!assignment) throw new Error(`'${workflow.name}' has no field '${name}' in '${nodeName}'`);
	assignment.value = value;
	return copy;
}
