import type { INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { isJsonObject } from '../json';
import { InvalidParameter, isEmpty, mustBe, onlyOne, shown, type Look } from './field';
import { checkLeadsToFile, httpUrlFrom } from './links';

/** What a file is called; any of it can be missing or wrong. */
export interface FileLabel {
	mimeType?: string;
	fileName?: string;
	fileExtension?: string;
}

/** A file that an item or an expression gave, not read yet: stored by n8n under `id`, or its bytes as base64. */
export type GivenFile = { named: FileLabel; isUri?: true } & (
	| { id: string }
	| { id?: undefined; bytes: () => Buffer }
);

/** An image or audio as the user gave it: a URL, or a file. */
export type Media = string | GivenFile;

/**
 * One field for an image or audio: a URL or data URI, the name of the item's field that holds the file, or the file
 * itself from an expression. Empty means none.
 */
export class MediaField {
	constructor(private readonly look: Look) {}

	get label(): string {
		return this.look.label;
	}

	property(name: string): INodeProperties {
		const { label, ...look } = this.look;
		// Not `binaryDataProperty`: all it does is a tooltip that asks for a field's name, though a URL is as good.
		return { displayName: label, name, type: 'string', default: '', ...look };
	}

	/** @throws InvalidParameter where it is none of these */
	read(value: unknown, item: INodeExecutionData | undefined): Media | undefined {
		const given = onlyOne(value);
		if (isEmpty(given)) return undefined;
		if (typeof given !== 'string') return this.fileFrom(given);
		const text = given.trim();
		if (/^data:/i.test(text)) return { ...this.fileFrom({ data: text }), isUri: true };
		if (/^https?:/i.test(text)) return this.urlFrom(text);
		const found = item && fileAt(item, text);
		if (found !== undefined) return this.fileFrom(found);
		const names = item === undefined ? [] : fieldsWithFiles(item);
		throw new InvalidParameter(
			`'${this.label}': no file in field ${shown(text)}`,
			names.length === 0
				? 'The item has no files. Leave the field empty for none, or use a URL, or an expression that returns a file of an earlier node.'
				: `The item's files are: ${names.join(', ')}. Leave the field empty for none.`,
		);
	}

	private urlFrom(text: string): string {
		const url = httpUrlFrom(text, this.label);
		if (url === undefined) {
			throw mustBe(this.label, 'be a URL that starts with http:// or https://', text);
		}
		checkLeadsToFile(url, this.label);
		return url;
	}

	/** A file as n8n, a Code node (whose Buffers arrive as JSON, and whose types can be null) or a data URI gives it. */
	private fileFrom(value: unknown): GivenFile {
		if (!isJsonObject(value)) {
			throw new InvalidParameter(
				`'${this.label}' must be a file or a URL, but is ${shown(value)}`,
				"Use the name of a field that holds a file, such as data, or an expression that returns a file, such as {{ $('HTTP Request').item.binary.data }}.",
			);
		}
		const { id, data, mimeType, fileName, fileExtension }: Record<string, unknown> = value;
		const named = { ...texts({ mimeType, fileName, fileExtension }) };
		if (typeof id === 'string' && id !== '') return { named, id };
		if (typeof data === 'string' && /^data:/i.test(data)) {
			const uri = parseDataUri(data);
			if (uri === undefined) {
				throw new InvalidParameter(
					`'${this.label}' is not a base64 data URI`,
					'A data URI looks like data:image/png;base64,iVBORw0… and has no spaces.',
				);
			}
			return { named: { ...named, mimeType: uri.mimeType }, bytes: () => decode(uri.base64) };
		}
		if (typeof data === 'string' && !/[^\w+/=\s-]/.test(data)) {
			return { named, bytes: () => decode(data) };
		}
		const list = bytesIn(data) ?? bytesIn(value);
		if (list !== undefined) return { named, bytes: () => Buffer.from(list) };
		throw new InvalidParameter(
			`'${this.label}': the file has no content that can be read`,
			'Use the name of the field that holds the file, such as data. A file made in a Code node needs its bytes as base64: { data: buffer.toString("base64"), mimeType: "image/png" }.',
		);
	}
}

function decode(base64: string): Buffer {
	return Buffer.from(base64, 'base64');
}

function texts(label: Record<keyof FileLabel, unknown>): FileLabel {
	const entries = Object.entries(label);
	return Object.fromEntries(entries.filter(([, text]) => typeof text === 'string' && text !== ''));
}

/** The bytes of a Buffer, or of what becomes of one in JSON: `{ type: 'Buffer', data: [137, 80, …] }`. */
function bytesIn(value: unknown): Uint8Array | number[] | undefined {
	if (value instanceof Uint8Array) return value;
	const list: unknown = isJsonObject(value) ? value.data : undefined;
	const isBytes = Array.isArray(list) && list.length > 0 && list.every(Number.isInteger);
	return isBytes ? list : undefined;
}

/** With parameters, such as `;charset=utf-8` (RFC 2397). */
const DATA_URI_HEAD = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+)(?:;[a-z-]+=[^;,]+)*;base64,/i;

export function parseDataUri(text: string): { mimeType: string; base64: string } | undefined {
	const [head, mimeType] = DATA_URI_HEAD.exec(text.slice(0, 200)) ?? [];
	if (head === undefined || mimeType === undefined) return undefined;
	const base64 = text.slice(head.length);
	const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
	const content = base64.slice(0, base64.length - padding);
	const isWhole = content !== '' && base64.length % 4 === 0 && !/[^a-z0-9+/]/i.test(content);
	return isWhole ? { mimeType: mimeType.toLowerCase(), base64 } : undefined;
}

/** Where items hold their files under the workflow setting `binaryMode: combined` (n8n-workflow, `BINARY_IN_JSON_PROPERTY`). */
const FILES_IN_JSON = '_files';

/** Finds a file by the name of its field or, in workflows that keep files in the JSON data, by its path there. */
function fileAt({ binary = {}, json }: INodeExecutionData, path: string): unknown {
	if (Object.hasOwn(binary, path)) return binary[path];
	const steps = path.split('.');
	const ways = [steps, [FILES_IN_JSON, ...steps]];
	return ways.map((way) => valueAt(json, way)).find(isFile);
}

function valueAt(json: unknown, way: readonly string[]): unknown {
	let value = json;
	for (const step of way) {
		value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
	}
	return value;
}

/** Recognizes a file in the same way as n8n's own `isBinaryValue`. */
function isFile(value: unknown): boolean {
	if (!isJsonObject(value)) return false;
	const { mimeType, id, data } = value;
	return typeof mimeType === 'string' && (typeof id === 'string' || typeof data === 'string');
}

function fieldsWithFiles({ binary = {}, json }: INodeExecutionData): string[] {
	const files: unknown = json[FILES_IN_JSON];
	const inJson = isJsonObject(files) ? Object.keys(files) : [];
	return [...Object.keys(binary), ...inJson.map((name) => `${FILES_IN_JSON}.${name}`)];
}
