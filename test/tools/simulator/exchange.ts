/** One request and the way its answer travels, corrupted by a fault where one asks for it. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { json, text, type Answer } from './answer';
import type { Clock } from './clock';
import type { AnswerFault, SendingFault } from './faults';
import type { RequestRecord } from './requests';

export class Exchange {
	/** The connection is gone, or the answer is on its way in full. */
	isOver = false;

	constructor(
		private readonly request: IncomingMessage,
		private readonly response: ServerResponse,
		readonly record: RequestRecord,
		private readonly clock: Clock,
		private readonly whenOver: () => void,
	) {
		response.on('close', () => this.end());
		response.on('error', () => this.end());
	}

	/** Calls back when the exchange is over, so also when the client leaves. */
	onOver(callback: () => void): void {
		if (this.isOver) callback();
		else this.response.once('close', callback);
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
	async corrupt(fault: AnswerFault): Promise<void> {
		if (fault.kind === 'hang') this.settle('hang');
		else if (fault.kind === 'reset') this.reset();
		else await this.send(faultyAnswer(fault));
	}

	async send(answer: Answer, fault?: SendingFault): Promise<void> {
		const { response } = this;
		if (this.isOver) return;
		this.settle(answer.status);
		const { body, length } = answer;
		response.writeHead(answer.status, { ...answer.headers, 'content-length': length });
		if (Buffer.isBuffer(body) && !fault) return void response.end(body);
		response.flushHeaders();
		const isCut = fault?.kind === 'truncate';
		const source = Readable.from(this.pieces(Buffer.isBuffer(body) ? [body] : body, fault));
		// A client that leaves ends it with an error, which 'close' has noted.
		await pipeline(source, response, { end: !isCut }).catch(() => {});
		// Sends what was written, then closes; destroyed at once, some of it might never leave.
		if (isCut && !this.isOver) this.request.socket.destroySoon();
	}

	/** Destroys the connection of a client that still waits; one that has its answer is left alone. */
	reset(): void {
		if (this.response.writableEnded) return;
		this.settle('reset');
		this.request.socket.resetAndDestroy();
	}

	private async *pieces(body: Iterable<Buffer>, fault?: SendingFault): AsyncIterable<Buffer> {
		let left = fault?.kind === 'truncate' ? lengthOf(fault, body) : Infinity;
		for (const piece of body) {
			const size = fault?.kind === 'trickle' ? fault.bytes : piece.length;
			for (let at = 0; at < piece.length && left > 0 && !this.isOver; at += size) {
				const part = piece.subarray(at, Math.min(at + size, at + left));
				left -= part.length;
				yield part;
				if (fault?.kind === 'trickle') await this.clock.sleep(fault.intervalMs);
			}
			if (left <= 0 || this.isOver) return;
		}
	}

	private settle(status: RequestRecord['status']): void {
		if (this.record.status !== undefined) return;
		this.record.status = status;
		this.record.answeredAt = this.clock.now();
	}

	private end(): void {
		if (this.isOver) return;
		this.isOver = true;
		this.settle('left');
		this.whenOver();
	}
}

/** How much of an answer is sent that is cut. */
function lengthOf({ bytes }: { bytes: number | 'id' }, body: Iterable<Buffer>): number {
	if (bytes !== 'id') return bytes;
	const [sent = ''] = /^.*?"id":"[^"]*"/.exec(Buffer.concat([...body]).toString()) ?? [];
	return Buffer.byteLength(sent);
}

function faultyAnswer(fault: Exclude<AnswerFault, { kind: 'hang' | 'reset' }>): Answer {
	const { kind, status = 200 } = fault;
	if (kind === 'redirect') return text(status, 'text/plain', '', { location: fault.location });
	if (kind === 'body') return text(status, fault.contentType ?? 'application/json', fault.body);
	const body = fault.body ?? { error: `Simulated ${status}` };
	if (typeof body === 'string') return text(status, 'text/plain', body, fault.headers);
	return json(status, body, fault.headers);
}
