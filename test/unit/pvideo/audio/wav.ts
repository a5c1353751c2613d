/** WAV files, made from what their headers say. */
export interface Wav {
	seconds?: number;
	samplesPerSecond?: number;
	channels?: number;
	bits?: number;
	/** Format tag; 1 is PCM. */
	format?: number;
	/** Writes the format as a subformat of WAVE_FORMAT_EXTENSIBLE. */
	isExtensible?: boolean;
	/** Instead of PCM's. */
	bytesPerSecond?: number;
	/** Instead of the data's real size. */
	statedSize?: number;
	isRf64?: boolean;
	/** Chunks before and after the data. */
	before?: Buffer[];
	after?: Buffer[];
}

export function wav({
	seconds = 3,
	samplesPerSecond = 8000,
	channels = 1,
	bits = 16,
	format = 1,
	isExtensible = false,
	isRf64 = false,
	before = [],
	after = [],
	...more
}: Wav): Buffer {
	const block = channels * Math.ceil(bits / 8);
	const bytesPerSecond = more.bytesPerSecond ?? block * samplesPerSecond;
	const isPcm = more.bytesPerSecond === undefined;
	const data = Buffer.alloc(
		isPcm ? Math.round(seconds * samplesPerSecond) * block : Math.round(seconds * bytesPerSecond),
	);
	const fmt = Buffer.alloc(isExtensible ? 40 : 16);
	fmt.writeUInt16LE(isExtensible ? 0xfffe : format, 0);
	fmt.writeUInt16LE(channels, 2);
	fmt.writeUInt32LE(samplesPerSecond, 4);
	fmt.writeUInt32LE(bytesPerSecond, 8);
	fmt.writeUInt16LE(block, 12);
	fmt.writeUInt16LE(bits, 14);
	if (isExtensible) {
		fmt.writeUInt16LE(22, 16);
		fmt.writeUInt16LE(bits, 18);
		fmt.writeUInt16LE(format, 24);
		fmt.write('\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71', 26, 'latin1');
	}
	const ds64 = Buffer.alloc(28);
	ds64.writeBigUInt64LE(BigInt(data.length), 8);
	const stated = more.statedSize ?? (isRf64 ? 0xffffffff : data.length);
	const body = Buffer.concat([
		Buffer.from('WAVE'),
		...(isRf64 ? [chunk('ds64', ds64)] : []),
		chunk('fmt ', fmt),
		...before,
		chunk('data', data, stated),
		...after,
	]);
	const whole = isRf64 ? 0xffffffff : (more.statedSize ?? body.length);
	return chunk(isRf64 ? 'RF64' : 'RIFF', body, whole);
}

export function chunk(id: string, content: Buffer, statedSize = content.length): Buffer {
	const head = Buffer.alloc(8);
	head.write(id, 'latin1');
	head.writeUInt32LE(statedSize, 4);
	return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}
