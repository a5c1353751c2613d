/**
 * Real clients of Runpod that were not written here, as their users call them; in a process of its own, for
 * `runpod-sdk` is an ES module. The last line printed is what each of them
 * got, as JSON. Arguments: base URL, key, and the one call to make; default: all.
 */
/* global fetch */
import { createRunpod } from '@runpod/ai-sdk-provider';
import { experimental_generateVideo as generateVideo } from 'ai';
import runpodSdk from 'runpod-sdk';

const [baseUrl, apiKey, only] = process.argv.slice(2);
const endpoint = runpodSdk(apiKey, { baseUrl }).endpoint('p-video');
const input = { prompt: 'A cat' };

/** As the SDK's readme polls; a job that is not known yet is looked at again. */
async function runAndPoll() {
	const { id } = await endpoint.run({ input });
	for (;;) {
		const job = await endpoint.status(id).catch(() => ({}));
		if (job.completed) return job;
	}
}

async function cancelQueued() {
	const { id } = await endpoint.run({ input: { prompt: 'Slow' } });
	return await endpoint.cancel(id);
}

/** Videos made and downloaded by Vercel's AI SDK; a full URL is the model's id. */
async function aiSdk() {
	const runpod = createRunpod({ apiKey });
	const { video } = await generateVideo({
		model: runpod.video(`${baseUrl}/p-video`),
		prompt: 'A cat',
		duration: 3,
		resolution: '1920x1080',
		maxRetries: 0,
		// Its own download refuses 127.0.0.1.
		download: async ({ url }) => {
			const response = await fetch(url);
			return { data: new Uint8Array(await response.arrayBuffer()) };
		},
		providerOptions: { runpod: { pollIntervalMillis: 10 } },
	});
	return { mediaType: video.mediaType, bytes: video.uint8Array.length };
}

const calls = {
	runSync: () => endpoint.runSync({ input }),
	longRunSync: () => endpoint.runSync({ input: { prompt: 'Slow' } }, 1000),
	failed: () => endpoint.runSync({ input: { ...input, fps: 25 } }),
	runAndPoll,
	cancelQueued,
	health: () => endpoint.health(),
	aiSdk,
};

const results = {};
for (const [name, call] of Object.entries(calls)) {
	if (only && only !== name) continue;
	results[name] = await call().catch((error) => ({ thrown: error.message }));
}
process.stdout.write(`\n${JSON.stringify(results)}`);
