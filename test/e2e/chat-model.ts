/** A stand-in for a chat model behind OpenAI's API: it calls the tool that it is offered, then repeats what that said. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { at, isRecord, type JsonRecord } from '../n8n/json';

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
	const server = createServer((request, response) => {
		void (async () => {
			const chunks: Buffer[] = [];
			for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
			const body: unknown = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
			if (!isRecord(body) || !request.url?.endsWith('/chat/completions')) {
				response.writeHead(404).end();
				return;
			}
			requests.push(body);
			const message = nextMessage(body, toolArguments);
			const finish = 'tool_calls' in message ? 'tool_calls' : 'stop';
			if (body.stream === true) {
				response.writeHead(200, { 'content-type': 'text/event-stream' });
				const chunk = completion('chat.completion.chunk', { delta: indexed(message), finish });
				response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
			} else {
				response.writeHead(200, { 'content-type': 'application/json' });
				response.end(JSON.stringify(completion('chat.completion', { message, finish })));
			}
		})();
	}).listen(0, '127.0.0.1');
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

function nextMessage({ messages, tools }: JsonRecord, toolArguments: JsonRecord): JsonRecord {
	const last: unknown = Array.isArray(messages) ? (messages as unknown[]).at(-1) : undefined;
	if (at(last, 'role') === 'tool') {
		return { role: 'assistant', content: `The tool said: ${String(at(last, 'content'))}` };
	}
	const name = at(Array.isArray(tools) ? tools[0] : undefined, 'function', 'name');
	const call = { name, arguments: JSON.stringify(toolArguments) };
	return {
		role: 'assistant',
		content: null,
		tool_calls: [{ id: 'call_1', type: 'function', function: call }],
	};
}

/** In a stream every tool call says its place in the list. */
function indexed(message: JsonRecord): JsonRecord {
	const calls = message.tool_calls;
	if (!Array.isArray(calls)) return message;
	return { ...message, tool_calls: calls.map((call: JsonRecord, index) => ({ index, ...call })) };
}

function completion(object: string, { finish, ...choice }: JsonRecord): JsonRecord {
	return {
		id: 'chatcmpl-1',
		object,
		created: 1,
		model: 'stand-in',
		choices: [{ index: 0, ...choice, finish_reason: finish }],
		usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
	};
}
