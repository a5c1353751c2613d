/** What a request is answered, apart from how that gets sent. */

import { STATUS_CODES } from 'node:http';
import type { SimulatorOptions } from './options';

type Headers = Record<string, string | number>;

export interface Answer {
	status: number;
	headers: Headers;
	/** A list is made while it is sent; then `length` says how long it is. */
	body: Buffer | Iterable<Buffer>;
	length: number;
	/** HEAD: the headers of the body, without it. */
	isBodiless?: boolean;
}

export function json(status: number, value: unknown, headers?: Headers): Answer {
	return text(status, 'application/json', JSON.stringify(value), headers);
}

export function text(
	status: number,
	type: string,
	content: string | Buffer,
	more?: Headers,
): Answer {
	const body = Buffer.from(content);
	return { status, headers: { 'content-type': type, ...more }, body, length: body.length };
}

/** As an edge in front of Runpod answers. */
export function page(status: number): Answer {
	const title = STATUS_CODES[status] ?? 'A timeout occurred';
	return text(status, 'text/html', `<html><title>${status}: ${title}</title></html>`);
}

/** A refusal in the shape that is asked for; `detail` is what was seen, where that differs from `error`. */
export function refusal(
	{ refusalShape }: SimulatorOptions,
	status: number,
	error: string,
	{ detail = error, headers = {} }: { detail?: string; headers?: Headers } = {},
): Answer {
	if (refusalShape === 'error') return json(status, { error }, headers);
	if (status === 401) return text(status, 'text/plain', 'unauthorized', headers);
	return json(status, { status, title: STATUS_CODES[status], detail }, headers);
}
