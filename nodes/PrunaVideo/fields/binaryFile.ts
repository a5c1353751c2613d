import type { IBinaryData, INodeExecutionData } from 'n8n-workflow';
import { InvalidParameter } from '../invalidParameter';
import { isJsonObject } from '../json';
import { Field, isBlank, type Form, type Look } from './field';
import { mustBe, shown } from './shown';

/** Where items hold their files under the workflow setting `binaryMode: combined` (n8n-workflow, `BINARY_IN_JSON_PROPERTY`). */
const FILES_IN_JSON = '_files';

/** A file of the input item by its binary field's name, or the file itself from an expression to an earlier node. */
export class BinaryFile extends Field<string | IBinaryData> {
	constructor(look: Look) {
		super({ placeholder: 'e.g. data', ...look });
	}

	protected form(): Form {
		return {
			type: 'string',
			typeOptions: { binaryDataProperty: true },
			required: true,
			default: 'data',
		};
	}

	read(value: unknown): string | IBinaryData {
		if (isFile(value)) return value;
		if (typeof value === 'string' && !isBlank(value)) return value.trim();
		throw mustBe(
			this.label,
			'be the name of a binary field',
			value,
			"Use the name of a binary field in the previous node's output, such as data, or an expression that returns a file, such as {{ $('HTTP Request').item.binary.data }}.",
		);
	}

	/**
	 * @throws InvalidParameter where the item has no such file
	 */
	fileIn(item: INodeExecutionData | undefined, value: string | IBinaryData): IBinaryData {
		if (typeof value !== 'string') return value;
		const file = item && fileAt(item, value);
		if (file !== undefined) return file;
		const names = item === undefined ? [] : fieldsWithFiles(item);
		throw new InvalidParameter(
			`'${this.label}': no file in field ${shown(value)}`,
			names.length === 0
				? 'The input item has no binary field. Connect a node that outputs a file, or use an expression that refers to an earlier node.'
				: `The input item's binary fields are: ${names.join(', ')}.`,
		);
	}
}

/**
 * Finds a file by the name of its binary field or, in workflows that keep files in the JSON data, by its path there.
 */
function fileAt({ binary = {}, json }: INodeExecutionData, path: string): IBinaryData | undefined {
	if (Object.hasOwn(binary, path)) return binary[path];
	const steps = path.split('.');
	return [steps, [FILES_IN_JSON, ...steps]].map((way) => valueAt(json, way)).find(isFile);
}

function valueAt(json: unknown, way: readonly string[]): unknown {
	let value = json;
	for (const step of way) {
		value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
	}
	return value;
}

function fieldsWithFiles({ binary = {}, json }: INodeExecutionData): string[] {
	const files: unknown = json[FILES_IN_JSON];
	const inJson = isJsonObject(files) ? Object.keys(files) : [];
	return [...Object.keys(binary), ...inJson.map((name) => `${FILES_IN_JSON}.${name}`)];
}

/** Recognizes a file in the same way as n8n's own `isBinaryValue`. */
function isFile(value: unknown): value is IBinaryData {
	if (typeof value !== 'object' || value === null) return false;
	const { mimeType, id, data }: Partial<Record<keyof IBinaryData, unknown>> = value;
	return typeof mimeType === 'string' && (typeof id === 'string' || typeof data === 'string');
}
