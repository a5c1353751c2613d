/** A stand-in for a chat model behind OpenAI's API: it calls the tool that it is offered, then repeats what that said. */

import { createServer } from 'node:http';
import express from 'express';
import { listen } from '../tools/listen';
import { at, isRecord, listAt, type JsonRecord } from '../tools/n8n/json';

/** @param toolArguments what it calls the tool with */
export async function startChatModel(toolArguments: JsonRecord) {
	/** Bodies of the requests for a completion, oldest first. */
	const requests: JsonRecord[] = [];
	const app = express().use(express.json({ limit: '10mb' }));
	app.post('/v1/chat/completions', ({ body }: { body: unknown }, response) => {
		if (!isRecord(body)) throw new Error('A request for a completion is a JSON object');
		requests.push(body);
		const message = nextMessage(body, toolArguments);
		const choice = { index: 0, finish_reason: 'tool_calls' in message ? 'tool_calls' : 'stop' };
		const common = { id: 'chatcmpl-1', created: 1, model: 'stand-in', usage: USAGE };
		if (body.stream === true) {
			const object = 'chat.completion.chunk';
			const chunk = { ...common, object, choices: [{ ...choice, delta: message }] };
			response.type('text/event-stream');
			response.send(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
		} else {
			response.json({ ...common, object: 'chat.completion', choices: [{ ...choice, message }] });
		}
	});
	const { url, close } = await listen(createServer(app));
	return { baseUrl: `${url}/v1`, requests, close };
}

const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

function nextMessage(body: JsonRecord, toolArguments: JsonRecord): JsonRecord {
	const last = listAt(body, 'messages').at(-1);
	if (at(last, 'role') === 'tool') {
		return { role: 'assistant', content: `The tool said: ${String(at(last, 'content'))}` };
	}
	const name = at(body, 'tools', 0, 'function', 'name');
	const call = { name, arguments: JSON.stringify(toolArguments) };
	// In a stream every tool call says its place in the list.
	const toolCalls = [{ index: 0, id: 'call_1', type: 'function', function: call }];
	return { role: 'assistant', content: null, tool_calls: toolCalls };
}
