/** One kind of file that a field takes. */
export interface FileFormat {
	/** As it is sent. */
	mimeType: string;
	/** Other names that browsers and servers use for it. */
	otherMimeTypes: readonly string[];
	/** Lower case, without the dot. */
	extensions: readonly string[];
	/** Whether a file that starts with these bytes has this format. */
	isStart(bytes: Uint8Array): boolean;
}

/** How many bytes `isStart` looks at. */
export const START_BYTES = 16;

/** What n8n knows of a file. */
export interface NamedFile {
	mimeType?: string;
	fileName?: string;
	fileExtension?: string;
}

/** The file's MIME type, without parameters; empty if unknown. */
export function statedType({ mimeType = '' }: NamedFile): string {
	const type = mimeType.split(';')[0]!.trim().toLowerCase();
	return UNNAMED.test(type) ? '' : type;
}

/** MIME types that only mean "some bytes". */
const UNNAMED = /^$|\/octet-stream$|\/(x-)?binary$|^bin(ary)?$|^\*\/\*$/;

/** The format according to the file's MIME type or, without one, its name. */
export function formatOf(file: NamedFile, formats: readonly FileFormat[]): FileFormat | undefined {
	const type = statedType(file);
	if (type !== '') {
		return formats.find(
			({ mimeType, otherMimeTypes }) => mimeType === type || otherMimeTypes.includes(type),
		);
	}
	const endings = [file.fileExtension, file.fileName?.split('.').pop()];
	return formats.find(({ extensions }) =>
		endings.some((ending) => ending !== undefined && extensions.includes(ending.toLowerCase())),
	);
}

/** Whether the bytes from `offset` on spell this text. */
export function holds(bytes: Uint8Array, text: string, offset = 0): boolean {
	return [...text].every((character, index) => bytes[offset + index] === character.charCodeAt(0));
}
