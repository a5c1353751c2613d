/** Names of downloaded files. */
import { distinctName, videoFileName } from '../../../nodes/PrunaVideo/actions/video/fileName';

test.each([
	['', ''],
	[' \n', ''],
	['.mp4', ''],
	['fox', 'fox.mp4'],
	['fox.mp4', 'fox.mp4'],
	['fox.MP4 ', 'fox.mp4'],
	['Ad v1.25', 'Ad v1.25.mp4'],
	['AC/DC live', 'AC-DC live.mp4'],
	['a\\b', 'a-b.mp4'],
	['../../etc/passwd', '..-..-etc-passwd.mp4'],
	['two\nlines', 'two lines.mp4'],
	['Möwe 🌊', 'Möwe 🌊.mp4'],
	['fox.mov', 'fox.mov.mp4'],
	['x'.repeat(300), `${'x'.repeat(200)}.mp4`],
	['é'.repeat(150), `${'é'.repeat(100)}.mp4`],
	[`x${'é'.repeat(150)}`, `x${'é'.repeat(99)}.mp4`],
])('%j is stored as %j', (fileName, expected) => {
	expect(videoFileName(fileName)).toBe(expected);
});

/** The names of the files of one execution. */
function distinct(names: readonly string[]): string[] {
	const execution = {};
	return names.map((name, index) => distinctName({ execution, index }, name));
}

test('the same name again gets a number, whatever its case and ending', () => {
	const given = ['fox.mp4', 'fox', 'FOX.mp4', 'hen.mp4', 'fox (2).mp4', 'fox.mp4', ' '];
	expect(distinct(given)).toEqual([
		'fox.mp4',
		'fox (2).mp4',
		'FOX (3).mp4',
		'hen.mp4',
		'fox (2) (2).mp4',
		'fox (4).mp4',
		'',
	]);
});

test('an item that asks again gets the same name', () => {
	const item = { execution: {}, index: 0 };
	expect([distinctName(item, 'fox'), distinctName(item, 'fox')]).toEqual(['fox.mp4', 'fox.mp4']);
});
