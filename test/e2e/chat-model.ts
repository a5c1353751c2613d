/** A stand-in for a chat model behind OpenAI's API: it calls the tool that it is offered, then repeats what that said. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { at, isRecord, listAt, type JsonRecord } from '../tools/n8n/json';

export interface ChatModel {
	/** For the credential "OpenAI". */
	baseUrl: string;
	/** Bodies of the requests for a completion, oldest first. */
	requests: JsonRecord[];
	close(): Promise<void>;
}

/** @param toolArguments what it calls the tool with */
export async function startChatModel(toolArguments: JsonRecord): Promise<ChatModel> {
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
	const server = app.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		requests,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
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
