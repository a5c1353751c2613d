/** Most file systems allow 255 bytes; the rest is left for a number and the extension. */
const MOST_BYTES = 200;

/**
 * The name of a video's file: what the user wrote, without slashes and control characters, ending in `.mp4`. Empty if
 * nothing is left.
 */
export function videoFileName(fileName: string): string {
	const stem = fileName
		.replace(/\.mp4\s*$/i, '')
		.replace(/[/\\]/g, '-')
		.replace(/[\p{Cc}\p{Cf}]/gu, ' ')
		.trim();
	return stem === '' ? '' : `${shortened(stem)}.mp4`;
}

function shortened(stem: string): string {
	const bytes = Buffer.from(stem);
	// A character that is cut in two becomes U+FFFD.
	return bytes.length <= MOST_BYTES
		? stem
		: bytes
				.subarray(0, MOST_BYTES)
				.toString()
				.replace(/\uFFFD+$/, '');
}

/** Makes file names unique within one execution: a repeated name gets a number, "fox (2).mp4". */
class FileNames {
	private readonly taken = new Set<string>();
	/** By name, the number to try next. */
	private readonly next = new Map<string, number>();

	/** Called for the items in their order, so that each try gives them the same names. */
	distinct(name: string): string {
		const key = name.toLowerCase();
		let candidate = name;
		let number = this.next.get(key) ?? 2;
		while (this.taken.has(candidate.toLowerCase())) {
			candidate = name.replace(/(\.mp4)?$/, (ending) => ` (${number})${ending}`);
			number++;
		}
		this.next.set(key, number);
		this.taken.add(candidate.toLowerCase());
		return candidate;
	}
}

/** Per execution: which name each item's file has. */
const namesOf = new WeakMap<object, { names: FileNames; byItem: Map<number, string> }>();

/** The unique name of an item's file within its execution, the same for each call. Empty if the user gave no name. */
export function distinctName(
	{ execution, index }: { execution: object; index: number },
	fileName: string,
): string {
	const wanted = videoFileName(fileName);
	if (wanted === '') return '';
	const known = namesOf.get(execution) ?? { names: new FileNames(), byItem: new Map() };
	namesOf.set(execution, known);
	const name = known.byItem.get(index) ?? known.names.distinct(wanted);
	known.byItem.set(index, name);
	return name;
}
