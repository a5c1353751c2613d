import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import { properties } from './actions/callback/fields';
import { receiveCallback } from './actions/callback/receive';
import { registration } from './actions/callback/registration';

export class PrunaVideoTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Pruna Video Trigger',
		name: 'prunaVideoTrigger',
		icon: {
			light: 'file:../../icons/prunaVideo.svg',
			dark: 'file:../../icons/prunaVideo.dark.svg',
		},
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description: 'Starts the workflow when a Pruna Video job on Runpod has ended',
		eventTriggerDescription: 'Waiting for Runpod to call the test URL',
		activationMessage:
			"Runpod's calls to the production URL now start this workflow. Give that URL to Pruna Video > Job > Submit.",
		defaults: { name: 'Pruna Video Trigger' },
		triggerPanel: {
			header: 'Start when a job has ended',
			executionsHelp: {
				inactive:
					"<b>While you build</b>, click 'Execute step' to listen for a test event, then submit a job whose Webhook URL is the <b>test URL</b> of this node. Runpod calls it when the job has ended.<br><br><b>Once you are done</b>, publish the workflow and submit jobs with the <b>production URL</b>. Those runs are listed under Executions.",
				active:
					"<b>While you build</b>, click 'Execute step' to listen for a test event, then submit a job whose Webhook URL is the <b>test URL</b> of this node.<br><br><b>The workflow is published</b>: jobs that were submitted with the <b>production URL</b> start it. Those runs are listed under Executions.",
			},
			activationHint:
				"Once you are done, publish the workflow, so that Runpod's calls to the production URL start it",
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'runpodApi',
				required: true,
				displayOptions: { show: { verify: [true] } },
			},
		],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				path: 'pruna-video',
			},
		],
		properties,
	};

	webhookMethods = { default: registration };

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receiveCallback(this);
	}
}
