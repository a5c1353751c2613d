import type { INodeProperties } from 'n8n-workflow';
import { InvalidParameter } from '../invalidParameter';
import { httpUrlFrom } from './address';
import { BinaryFile } from './binaryFile';
import { Choice } from './choice';
import { looksLikeDataUri, parseDataUri, type DataUri } from './dataUri';
import { Field, type Form, type Look } from './field';
import { formatOf, statedType, type FileFormat, type NamedFile } from './fileFormat';
import { checkIsFile } from './sharePage';

export interface MediaSpec {
	label: string;
	description: string;
	placeholder: string;
	/** What happens without one. */
	without: string;
	/** Its effect on the video, if users need to know it. */
	effect?: string;
	/** The formats as users know them. */
	formatsInWords: string;
	formats: readonly FileFormat[];
}

export type MediaSource = 'none' | 'url' | 'binary';

/** An image or audio: three fields for its source, its URL and its file. */
export class Media {
	readonly source: Choice<MediaSource>;
	readonly url: MediaUrl;
	readonly file: BinaryFile;

	constructor(readonly spec: MediaSpec) {
		const { label, description, placeholder, without, effect, formatsInWords } = spec;
		const inWords = label.toLowerCase();
		const ending = effect === undefined ? '' : `. ${effect}`;
		this.source = new Choice({
			label: `${label} Source`,
			description,
			options: [
				{ value: 'none', name: 'None', description: without },
				{ value: 'url', name: 'URL', description: 'A URL that Runpod can fetch' },
				{
					value: 'binary',
					name: 'Binary File',
					description: 'A binary file from the input item or from an earlier node',
				},
			],
			default: 'none',
		});
		this.url = new MediaUrl({
			...spec,
			label: `${label} URL`,
			placeholder,
			description: `URL of the ${inWords} (${formatsInWords}), or a data URI${ending}`,
		});
		this.file = new BinaryFile({
			label: `${label} Field`,
			description: `Name of the binary field with the ${inWords} (${formatsInWords}), or an expression that returns the file itself${ending}`,
		});
	}

	get label(): string {
		return this.spec.label;
	}

	sourceProperty(name: string): INodeProperties {
		return this.source.property(`${name}Source`);
	}

	urlProperty(name: string): INodeProperties {
		return shownWith(this.url.property(`${name}Url`), `${name}Source`, 'url');
	}

	fileProperty(name: string): INodeProperties {
		return shownWith(this.file.property(`${name}BinaryField`), `${name}Source`, 'binary');
	}

	/**
	 * The format of a file; undefined where neither its type nor its name tells.
	 *
	 * @throws InvalidParameter for another type of file
	 */
	formatOf(file: NamedFile): FileFormat | undefined {
		const format = formatOf(file, this.spec.formats);
		const type = statedType(file);
		if (format === undefined && type !== '') throw this.unsupported(`'${type}'`);
		return format;
	}

	/**
	 * The format of a file that starts with these bytes.
	 *
	 * @throws InvalidParameter where it is none of those that the model takes
	 */
	formatOfBytes(bytes: Uint8Array): FileFormat {
		const format = this.spec.formats.find(({ isStart }) => isStart(bytes));
		if (format === undefined) throw this.unsupported('a file of unknown type');
		return format;
	}

	private unsupported(what: string): InvalidParameter {
		return unsupported(this.file.label, what, this.spec);
	}
}

type MediaUrlSpec = Look & Pick<MediaSpec, 'formats' | 'formatsInWords'>;

/** Where an image or audio comes from: an http(s) address of a file, or a data URI of a type that the model takes. */
export class MediaUrl extends Field<string | DataUri> {
	constructor(private readonly spec: MediaUrlSpec) {
		super(spec);
	}

	protected form(): Form {
		return { type: 'string', required: true, default: '' };
	}

	/**
	 * @throws InvalidParameter for anything else
	 */
	read(value: unknown): string | DataUri {
		const url = typeof value === 'string' ? value.trim() : '';
		if (!looksLikeDataUri(url)) return this.fileUrlFrom(value);
		const dataUri = parseDataUri(url);
		if (dataUri === undefined) {
			throw new InvalidParameter(
				`'${this.label}' is not a base64 data URI`,
				'A data URI looks like data:image/png;base64,iVBORw0… and has no spaces.',
			);
		}
		const { mimeType, base64 } = dataUri;
		const format = formatOf({ mimeType }, this.spec.formats);
		if (format === undefined) throw unsupported(this.label, `'${mimeType}'`, this.spec);
		return { mimeType: format.mimeType, base64 };
	}

	private fileUrlFrom(value: unknown): string {
		const url = httpUrlFrom(value, this.label);
		checkIsFile(url, this.label);
		return url;
	}
}

function unsupported(
	label: string,
	what: string,
	{ formatsInWords }: Pick<MediaSpec, 'formatsInWords'>,
): InvalidParameter {
	return new InvalidParameter(
		`'${label}': ${what} is not supported; use ${formatsInWords}`,
		'Convert the file before this node, or use another one.',
	);
}

function shownWith(property: INodeProperties, source: string, value: MediaSource): INodeProperties {
	return { ...property, displayOptions: { show: { [source]: [value] } } };
}
