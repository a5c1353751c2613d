/** What a request is answered, apart from how that gets sent. */

import { STATUS_CODES } from 'node:http';

type Headers = Record<string, string | number>;

export interface Answer {
	status: number;
	headers: Headers;
	/** A list is made while it is sent; then `length` says how long it is. */
	body: Buffer | Iterable<Buffer>;
	length: number;
}

export function json(status: number, value: unknown, headers?: Headers): Answer {
	return text(status, 'application/json', JSON.stringify(value), headers);
}

export function text(status: number, type: string, said: string | Buffer, more?: Headers): Answer {
	const body = Buffer.from(said);
	return { status, headers: { 'content-type': type, ...more }, body, length: body.length };
}

/** As an edge in front of Runpod answers. */
export function page(status: number): Answer {
	const title = STATUS_CODES[status] ?? 'A timeout occurred';
	return text(status, 'text/html', `<html><title>${status}: ${title}</title></html>`);
}

/** Thrown where a request is refused; `detail` is what was seen, where that differs from the message. */
export class Refusal extends Error {
	constructor(
		readonly status: number,
		message: string,
		private readonly more: { detail?: string; headers?: Headers } = {},
	) {
		super(message);
	}

	answer(shape: 'error' | 'problem'): Answer {
		const { status, message } = this;
		const { detail = message, headers } = this.more;
		if (shape === 'error') return json(status, { error: message }, headers);
		if (status === 401) return text(status, 'text/plain', 'unauthorized', headers);
		return json(status, { status, title: STATUS_CODES[status], detail }, headers);
	}
}

export function badRequest(error: string): Refusal {
	return new Refusal(400, error, { detail: `bad request: ${error}` });
}
