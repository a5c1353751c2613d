/** Workflow files as the editor exports them. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord, listAt, type JsonRecord } from './json';

/** The type of this package's credential. */
export const CREDENTIAL_TYPE = 'prunaVideoRunpodApi';

/** A saved credential, as a node's `credentials` name it. */
export interface CredentialRef {
	id: string;
	name: string;
}

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

export const EXAMPLES = join(__dirname, '../../../examples');

/** One of examples/, as it is before anybody has set it up. */
export async function readExample(name: string): Promise<Workflow> {
	return JSON.parse(await readFile(join(EXAMPLES, `${name}.json`), 'utf8')) as Workflow;
}

/** As a user does after importing: every node that wants a credential of this package's type gets this one. */
export function withCredential(workflow: Workflow, credential: CredentialRef): Workflow {
	const nodes = workflow.nodes.map((node) =>
		node.credentials?.[CREDENTIAL_TYPE]
			? { ...node, credentials: { ...node.credentials, [CREDENTIAL_TYPE]: credential } }
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
	const assignment = listAt(node?.parameters, 'assignments', 'assignments')
		.filter(isRecord)
		.find((candidate) => candidate.name === name);
	if (!assignment) throw new Error(`'${workflow.name}' has no field '${name}' in '${nodeName}'`);
	assignment.value = value;
	return copy;
}
