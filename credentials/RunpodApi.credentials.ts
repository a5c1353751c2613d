import type {
	IAuthenticate,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

export class RunpodApi implements ICredentialType {
	name = 'runpodApi';

	displayName = 'Runpod API';

	icon: Icon = {
		light: 'file:../icons/prunaVideo.svg',
		dark: 'file:../icons/prunaVideo.dark.svg',
	};

	documentationUrl = 'https://docs.runpod.io/get-started/api-keys';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: "Made in Runpod's console under Settings > API Keys",
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			required: true,
			default: 'https://api.runpod.ai/v2',
			description: 'Only to be changed for a proxy or the simulator',
		},
	];

	/** A stray space or line break around the key, as copying it brings along, does no harm. */
	authenticate: IAuthenticate = async ({ apiKey }, request) => ({
		...request,
		headers: { ...request.headers, Authorization: `Bearer ${String(apiKey ?? '').trim()}` },
	});

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{ $credentials.baseUrl.trim().replace(/\\/+$/, "") }}',
			url: '/p-video/health',
			disableFollowRedirect: true,
		},
		rules: [
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message:
						"Runpod did not accept this API key. Paste it again, or make a new one in Runpod's console under Settings > API Keys.",
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 403,
					message:
						"This key may not use Pruna Video. Allow it for p-video in Runpod's console under Settings > API Keys.",
				},
			},
		],
	};
}
