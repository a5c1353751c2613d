/** Data URIs, and names of files; what else people give as an image or audio is in rows.test.ts and media.test.ts. */
import type { INodeExecutionData } from 'n8n-workflow';
import { parseDataUri } from '../../../nodes/PrunaVideo/fields/media';
import { MEDIA } from '../../../nodes/PrunaVideo/pvideo/parameters';

test.each([
	['data:image/png;base64,iVBORw0K', { mimeType: 'image/png', base64: 'iVBORw0K' }],
	['DATA:IMAGE/WEBP;BASE64,UklGRg==', { mimeType: 'image/webp', base64: 'UklGRg==' }],
	['data:image/png;a=b;c=d;base64,iVBO', { mimeType: 'image/png', base64: 'iVBO' }],
	...[
		...['data:', 'data:image/png,raw', 'data:image/png;base64,', 'data:;base64,iVBO'],
		...['data:image/png;charset;base64,iVBO', 'data:image/png;base64,iVBORw0', 'iVBO'],
		...[
			'data:image/png;base64,no spaces',
			'data:image/png;base64,iVB=ORw=',
			'data:image/png;base64,=',
		],
	].map((uri): [string, undefined] => [uri, undefined]),
])('%s', (uri, parts) => {
	expect(parseDataUri(uri)).toEqual(parts);
});

test('a data URI as long as Runpod takes one is no trouble', () => {
	const uri = `data:image/png;base64,${'A'.repeat(20 * 1024 ** 2)}`;
	expect(parseDataUri(uri)?.base64.length).toBe(20 * 1024 ** 2);
});

const file = { mimeType: 'image/png', data: 'iVBORw0K' };
const separate: INodeExecutionData = { json: {}, binary: { data: file, 'a.b': file } };
const combined = { json: { _files: { photo: file }, deep: { scan: file } } } as INodeExecutionData;

test.each<[INodeExecutionData | undefined, string, boolean, string]>([
	[separate, ' data ', true, ''],
	[separate, 'a.b', true, ''],
	[combined, '_files.photo', true, ''],
	[combined, 'photo', true, ''],
	[combined, 'deep.scan', true, ''],
	[combined, 'deep', false, "The item's files are: _files.photo."],
	[separate, 'constructor', false, "The item's files are: data, a.b."],
	[{ json: {} }, 'data', false, 'The item has no files.'],
	[undefined, 'data', false, 'The item has no files.'],
])('of the item %j the file "%s" is found: %s', (item, name, isFound, advice) => {
	const read = () => MEDIA.image.read(name, item);
	if (isFound) return expect(read()).toHaveProperty('named.mimeType', 'image/png');
	const description = expect.stringContaining(advice);
	const message = `'Image': no file in field "${name}"`;
	expect(read).toThrow(expect.objectContaining({ message, description }));
});
