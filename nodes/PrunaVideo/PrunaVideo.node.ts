import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { execute, properties } from './actions';

export class PrunaVideo implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Pruna Video',
		name: 'prunaVideo',
		icon: {
			light: 'file:../../icons/prunaVideo.svg',
			dark: 'file:../../icons/prunaVideo.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Make AI videos from text, images or audio with Pruna Video on Runpod',
		defaults: { name: 'Pruna Video' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'runpodApi',
				required: true,
				displayOptions: { hide: { operation: ['estimateCost'] } },
			},
		],
		properties,
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(this);
	}
}
