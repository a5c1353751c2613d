/** Names of downloaded files. */
import { fileNameOf, safeFileName } from '../../../nodes/PrunaVideo/actions/video/output';
import type { Item } from '../../../nodes/PrunaVideo/execution/execution';

test.each([
	['', ''],
	[' \n', ''],
	['.mp4', ''],
	['fox', 'fox.mp4'],
	['fox.mp4', 'fox.mp4'],
	['fox.MP4 ', 'fox.mp4'],
	['Ad v1.25', 'Ad v1.25.mp4'],
	['AC/DC live\u202e', 'AC-DC live.mp4'],
	['fox.mov', 'fox.mov.mp4'],
	['x'.repeat(300), `${'x'.repeat(200)}.mp4`],
	[`x${'é'.repeat(150)}`, `x${'é'.repeat(99)}.mp4`],
])('%j is stored as %j', (fileName, expected) => {
	expect(safeFileName(fileName)).toBe(expected);
});

test('the same name again gets a number, whatever its case and ending', () => {
	const names = ['a/b', 'A-B', 'fox.mp4', 'fox', 'FOX.mp4', 'fox (2).mp4', 'fox.mp4', ' '];
	const item = { execution: { fileNames: new Map() } } as unknown as Item;
	expect(names.map((name) => fileNameOf(item, name))).toEqual([
		...['a-b.mp4', 'A-B (2).mp4', 'fox.mp4', 'fox (2).mp4', 'FOX (3).mp4', 'fox (2) (2).mp4'],
		...['fox (4).mp4', ''],
	]);
});
