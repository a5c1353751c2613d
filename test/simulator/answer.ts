/** What an operation answers, apart from how it gets sent. */

/** A body that is made while it is sent. */
export interface Content {
	length: number;
	chunks(): Iterable<Buffer>;
}

export interface Answer {
	status: number;
	headers: Record<string, string | number>;
	body: Buffer | Content;
	/** HEAD: the headers of the body, without it. */
	isBodiless?: boolean;
}

export function json(
	status: number,
	value: unknown,
	headers: Record<string, string | number> = {},
): Answer {
	return {
		status,
		headers: { 'content-type': 'application/json', ...headers },
		body: Buffer.from(JSON.stringify(value)),
	};
}

export function refusal(
	status: number,
	error: string,
	headers?: Record<string, string | number>,
): Answer {
	return json(status, { error }, headers);
}

export function text(status: number, contentType: string, body: string | Buffer): Answer {
	return { status, headers: { 'content-type': contentType }, body: Buffer.from(body) };
}
