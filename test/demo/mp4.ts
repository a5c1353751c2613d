/** Whether bytes are an MP4: boxes one after the other, which fill the file exactly. Source: ISO/IEC 14496-12, 4.2. */

const NEEDED_BOXES = ['ftyp', 'moov', 'mdat'];

/** What is wrong with it, or undefined. */
export function mp4Fault(file: Buffer): string | undefined {
	const found: string[] = [];
	let offset = 0;
	while (offset + 8 <= file.length) {
		const size = boxSize(file, offset);
		if (size < 8) return `box ${found.length} says that it has ${size} bytes`;
		found.push(file.toString('latin1', offset + 4, offset + 8));
		offset += size;
	}
	if (offset !== file.length) return `its boxes end at byte ${offset} of ${file.length}`;
	if (found[0] !== 'ftyp') return `it starts with ${found[0] ?? 'nothing'}, not with ftyp`;
	const missing = NEEDED_BOXES.find((box) => !found.includes(box));
	return missing && `it has no ${missing} box`;
}

function boxSize(file: Buffer, offset: number): number {
	const short = file.readUInt32BE(offset);
	if (short === 0) return file.length - offset;
	if (short !== 1) return short;
	return offset + 16 <= file.length ? Number(file.readBigUInt64BE(offset + 8)) : 0;
}
