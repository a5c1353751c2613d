/** Nodes of n8n that give a file in the field `data`. */

import { onePerPrompt, type Built } from './build-workflow';

/** Two nodes: Split Out, then Convert to File. */
export function fileFromBase64(content: Buffer): Built[] {
	const convert = {
		name: 'Convert to File',
		type: 'n8n-nodes-base.convertToFile',
		typeVersion: 1.1,
		parameters: {
			operation: 'toBinary',
			sourceProperty: 'prompt',
			options: { mimeType: 'image/png', fileName: 'a.png' },
		},
	};
	return [...onePerPrompt([content.toString('base64')]), convert];
}

export function fileFromDisk(path: string): Built {
	return {
		name: 'Read Files from Disk',
		type: 'n8n-nodes-base.readWriteFile',
		typeVersion: 1,
		parameters: { fileSelector: path, options: {} },
	};
}

export function fileFromUrl(url: string): Built {
	return {
		name: 'HTTP Request',
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		parameters: { url, options: { response: { response: { responseFormat: 'file' } } } },
	};
}
