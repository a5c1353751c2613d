/** One request and the way its answer travels, spoilt by a fault where one asks for it. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text, type Answer } from './answer';
import type { Clock } from './clock';
import type { AnswerFault, SendingFault } from './faults';
import type { RequestRecord } from './requests';

export class Exchange {
	private isSettled = false;
	private readonly leaving = new Set<() => void>();
	/** The connection is gone, or the answer is on its way in full. */
	isOver = false;

	constructor(
		private readonly request: IncomingMessage,
		private readonly response: ServerResponse,
		readonly record: RequestRecord,
		private readonly clock: Clock,
		private readonly whenOver: (record: RequestRecord) => void,
	) {
		response.on('close', () => this.end());
		response.on('error', () => this.end());
	}

	/** Calls back when the exchange is over, so also when the client leaves. */
	onOver(callback: () => void): void {
		if (this.isOver) callback();
		else this.leaving.add(callback);
	}

	/** The whole body; what is above `most` bytes is counted but not kept. */
	async readBody(most: number): Promise<Buffer | undefined> {
		const chunks: Buffer[] = [];
		try {
			for await (const chunk of this.request) {
				if (!Buffer.isBuffer(chunk)) continue;
				this.record.bytes += chunk.length;
				if (this.record.bytes <= most) chunks.push(chunk);
				else chunks.length = 0;
			}
		} catch {
			return undefined; // the client left in the middle; 'close' notes it
		}
		return this.record.bytes > most ? undefined : Buffer.concat(chunks);
	}

	/** Sends what the fault says in place of an answer. */
	async spoil(fault: AnswerFault): Promise<void> {
		if (fault.kind === 'hang') this.settle('hang');
		else if (fault.kind === 'reset') this.reset();
		else await this.send(faultyAnswer(fault));
	}

	async send(answer: Answer, fault?: SendingFault): Promise<void> {
		const { response } = this;
		if (this.isOver) return;
		this.settle(answer.status);
		const { body } = answer;
		response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
		if (answer.isBodiless) response.end();
		else if (fault?.kind === 'truncate') await this.truncate(body, fault.bytes);
		else if (fault) await this.trickle(body, fault);
		else if (Buffer.isBuffer(body)) response.end(body);
		else {
			await this.writeAll(body.chunks());
			response.end();
		}
	}

	/** Cuts off a client that still waits; one that has its answer is left alone. */
	cut(): void {
		if (!this.response.writableEnded) this.reset();
	}

	/** Destroys the connection. */
	private reset(): void {
		this.settle('reset');
		this.request.socket.resetAndDestroy();
	}

	private async truncate(body: Answer['body'], bytes: number): Promise<void> {
		this.response.flushHeaders();
		await this.writeAll(beginning(body, bytes));
		// Sends what was written, then closes; destroyed at once, some of it might never leave.
		if (!this.isOver) this.request.socket.destroySoon();
	}

	private async trickle(
		body: Answer['body'],
		{ bytes, intervalMs }: { bytes: number; intervalMs: number },
	): Promise<void> {
		for (const chunk of slices(body, bytes)) {
			if (this.isOver) return;
			await this.write(chunk);
			await this.clock.sleep(intervalMs);
		}
		this.response.end();
	}

	private async writeAll(chunks: Iterable<Buffer>): Promise<void> {
		for (const chunk of chunks) {
			if (this.isOver) return;
			await this.write(chunk);
		}
	}

	private async write(chunk: Buffer): Promise<void> {
		if (this.isOver || this.response.write(chunk)) return;
		await Promise.race([
			once(this.response, 'drain'),
			new Promise<void>((resolve) => this.onOver(resolve)),
		]);
	}

	private settle(status: RequestRecord['status']): void {
		if (this.isSettled) return;
		this.isSettled = true;
		this.record.status = status;
		this.record.answeredAt = this.clock.now();
	}

	private end(): void {
		if (this.isOver) return;
		this.isOver = true;
		this.settle('left');
		for (const callback of this.leaving) callback();
		this.leaving.clear();
		this.whenOver(this.record);
	}
}

function faultyAnswer(fault: Exclude<AnswerFault, { kind: 'hang' | 'reset' }>): Answer {
	if (fault.kind === 'redirect') {
		const answer = text(fault.status, 'text/plain', '');
		return { ...answer, headers: { ...answer.headers, location: fault.location } };
	}
	if (fault.kind === 'body') {
		return text(fault.status ?? 200, fault.contentType ?? 'application/json', fault.body);
	}
	const body = fault.body ?? { error: `Simulated ${fault.status}` };
	const answer =
		typeof body === 'string'
			? text(fault.status, 'text/plain', body)
			: text(fault.status, 'application/json', JSON.stringify(body));
	return { ...answer, headers: { ...answer.headers, ...fault.headers } };
}

function piecesOf(body: Answer['body']): Iterable<Buffer> {
	return Buffer.isBuffer(body) ? [body] : body.chunks();
}

/** The first `bytes` of the body. */
function* beginning(body: Answer['body'], bytes: number): Iterable<Buffer> {
	let left = bytes;
	for (const piece of piecesOf(body)) {
		if (left <= 0) return;
		yield piece.subarray(0, left);
		left -= piece.length;
	}
}

/** The body in slices of at most `bytes`. */
function* slices(body: Answer['body'], bytes: number): Iterable<Buffer> {
	const size = Math.max(1, bytes);
	for (const piece of piecesOf(body)) {
		for (let at = 0; at < piece.length; at += size) yield piece.subarray(at, at + size);
	}
}
