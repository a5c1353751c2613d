import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import { testCredential } from './runpod/keyCheck';
import { properties } from './trigger/fields';
import { receiveCall } from './trigger/receive';
import { startWorkflow } from './trigger/start';

export class PrunaVideoTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Pruna Video Trigger',
		name: 'prunaVideoTrigger',
		icon: {
			light: 'file:../../icons/prunaVideo.svg',
			dark: 'file:../../icons/prunaVideo.dark.svg',
		},
		group: ['trigger'],
		// For version 1 n8n evaluates an expression at each call, which takes a third of the call's time.
		version: [1, 2],
		defaultVersion: 2,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description:
			'Make AI videos from text, images or audio on Runpod, or start a workflow when one is done',
		eventTriggerDescription: 'Waiting for Runpod to call the test URL',
		activationMessage:
			"Runpod's calls to the production URL now start this workflow. Use that URL as the Webhook URL of Pruna Video > Job > Submit.",
		builderHint: {
			searchHint:
				'Only for jobs of Pruna Video > Job > Submit with the production URL of this trigger as their Webhook URL. Generate needs no trigger: it waits by itself.',
		},
		defaults: { name: 'Pruna Video Trigger' },
		triggerPanel: {
			header: 'Start when a job finishes',
			executionsHelp: {
				inactive:
					"<b>While building your workflow</b>, click 'Execute step' to listen for a test event, then submit a job with the <b>test URL</b> of this node as its Webhook URL. Runpod calls it when the job finishes.<br><br><b>Once you're happy with your workflow</b>, publish it and submit jobs with the <b>production URL</b>. These executions show up in the executions list, but not in the editor.",
				active:
					"<b>While building your workflow</b>, click 'Execute step' to listen for a test event, then submit a job with the <b>test URL</b> of this node as its Webhook URL.<br><br><b>Your workflow is published</b>, so jobs submitted with the <b>production URL</b> start it when they finish. These executions show up in the executions list, but not in the editor.",
			},
			activationHint:
				"Once you've finished building your workflow, publish it so that Runpod's calls to the production URL start it",
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'prunaVideoRunpodApi',
				required: true,
				testedBy: 'testCredential',
				// Not `show`: n8n up to 2.0 treats a field named there as the choice of a credential, and hides it.
				displayOptions: { hide: { verify: [false] } },
			},
		],
		webhooks: [
			{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'pruna-video' },
		],
		properties,
	};

	methods = { credentialTest: { testCredential } };

	/** There is nothing to register with Runpod: each job carries the URL to call. */
	webhookMethods = {
		default: {
			checkExists: async () => true,
			create: async () => true,
			delete: async () => true,
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receiveCall(this);
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await startWorkflow(this);
	}
}
