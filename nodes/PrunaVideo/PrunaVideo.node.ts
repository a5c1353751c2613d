import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { execute, properties } from './actions';
import { testCredential } from './runpod/keyCheck';

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
		description:
			'Make AI videos from text, images or audio on Runpod, or start a workflow when one is done',
		defaults: { name: 'Pruna Video' },
		usableAsTool: {
			replacements: {
				// For the model: when to use it, and what that costs.
				description:
					'Make a short AI video from a text prompt, an image or audio. Use it when the user asks for a video, once per video. A video can take up to a few minutes to make and is billed: $0.02 per second at 720p, $0.04 at 1080p, a quarter of that in draft mode. Returns the URL of the video and its cost in US dollars.',
			},
		},
		builderHint: {
			searchHint:
				'Makes videos. Generate waits for the video by itself: add no Wait, If or loop for that. Every execution of Generate, Submit and Retry is billed: set Max Cost per Execution in the options, and do not execute the node to test a workflow. Estimate Cost is free.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-pruna-video.prunaVideoTrigger',
					relationHint: 'Only after Submit: starts a workflow when the job finishes',
				},
			],
		},
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'prunaVideoRunpodApi',
				required: true,
				testedBy: 'testCredential',
				displayOptions: { hide: { operation: ['estimateCost'] } },
			},
		],
		properties,
	};

	methods = { credentialTest: { testCredential } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(this);
	}
}
