/** The batch of timing.test.ts in a process of its own, without jest's sandbox around n8n; with the node as built. */

import { createRequire } from 'node:module';
import type { ICredentialDataDecryptedObject, INodeType } from 'n8n-workflow';
import { serve } from '../tools/child';
import { runNode } from './engine';

const load = createRequire(__filename);
const { PrunaVideo }: { PrunaVideo: new () => INodeType } = load('../../index.js');
const ITEMS = Array.from({ length: 200 }, (_, index) => ({
	json: { prompt: `shot ${index}, 1000 ms` },
}));

const methods = {
	async run(credentials: ICredentialDataDecryptedObject) {
		const cpuBefore = process.cpuUsage();
		const began = performance.now();
		const { items, error } = await runNode({
			parameters: {
				resource: 'video',
				operation: 'generate',
				prompt: '={{ $json.prompt }}',
				options: { concurrency: 50 },
			},
			items: ITEMS,
			credentials,
			type: new PrunaVideo(),
		});
		const seconds = (performance.now() - began) / 1000;
		const { user, system } = process.cpuUsage(cpuBefore);
		return {
			seconds,
			/** Of the processor, for all of the process. */
			cpuSeconds: (user + system) / 1e6,
			completed: items.filter(({ json }) => json.status === 'COMPLETED').length,
			...(error && { error: error.message }),
		};
	},
};

export type TimingMethods = typeof methods;
serve(methods);
