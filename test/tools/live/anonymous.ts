/** Takes out of an answer what could say whose it is; fields and the types of their values stay. */

import { isRecord, parseJson } from '../simulator/json';

/** Only under these names text is worth reading; elsewhere it becomes `text`. */
const TELLING = /^(status|title|detail|errors?|message|msg|error_message|error_type|code)$/;
const ACCOUNT = /balance|credit|account|user|owner|team|mail/i;

/** `secrets` go wherever they stand; the job's id becomes `{job}`. */
export interface Known {
	secrets: readonly string[];
	jobId?: string | undefined;
}

export function anonymous(value: unknown, known: Known, field = 'message'): unknown {
	if (Array.isArray(value)) return value.map((entry) => anonymous(entry, known, field));
	if (isRecord(value)) {
		const cleaned = Object.entries(value).map(([name, entry]) => {
			return [name, anonymous(entry, known, name)];
		});
		return Object.fromEntries(cleaned);
	}
	if (typeof value === 'number') return ACCOUNT.test(field) ? 0 : value;
	return typeof value === 'string' ? anonymousText(value, known, field) : value;
}

function anonymousText(text: string, known: Known, field: string): string {
	if (text === known.jobId) return '{job}';
	const inner = parseJson(Buffer.from(text));
	if (typeof inner === 'object' && inner !== null) return JSON.stringify(anonymous(inner, known));
	if (/^\s*https?:/i.test(text)) return 'https://example.com/output.mp4';
	if (/^\s*<(!doctype|html)/i.test(text)) return '<html></html>';
	if (!TELLING.test(field)) return 'text';
	const clean = known.secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
	return clean
		.replace(/https?:\/\/[^\s"',]+/gi, 'https://example.com')
		.replace(/[\w.+-]+@[\w.-]+/g, '…')
		.replace(/\b(?=[\w-]*\d)[\w-]{10,}\b/g, '…')
		.replace(/\b[\w-]+(\.[\w-]+){2,}(:\d+)?\b/g, '…')
		.slice(0, 200);
}
