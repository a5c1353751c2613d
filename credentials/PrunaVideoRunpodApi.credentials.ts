import type { IAuthenticate, Icon, ICredentialType, INodeProperties } from 'n8n-workflow';
import { LABELS } from '../nodes/PrunaVideo/labels';
import { DEFAULT_BASE_URL, readApiKey } from '../nodes/PrunaVideo/runpod/connection';

/** The nodes test it (`testedBy`): a `test` of its own could not tell a good key from a wrong address. */
export class PrunaVideoRunpodApi implements ICredentialType {
	name = 'prunaVideoRunpodApi';

	displayName = 'Pruna Video Runpod API';

	icon: Icon = {
		light: 'file:../icons/prunaVideo.svg',
		dark: 'file:../icons/prunaVideo.dark.svg',
	};

	documentationUrl =
		'https://github.com/n8n-nodes-pruna-video/n8n-nodes-pruna-video#your-first-video';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			hint: 'Create one in the <a href="https://console.runpod.io/user/settings" target="_blank">Runpod console</a> under API Keys',
		},
		{
			displayName: LABELS.baseUrl,
			name: 'baseUrl',
			type: 'string',
			default: DEFAULT_BASE_URL,
			description: 'Only change this to use a proxy or the simulator',
		},
	];

	authenticate: IAuthenticate = async ({ apiKey }, request) => ({
		...request,
		headers: { ...request.headers, Authorization: `Bearer ${readApiKey(apiKey)}` },
	});
}
