/** A file in a URL field, as a data URI: a plan does not hold its megabytes. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { readMedia } from '../../../nodes/PrunaVideo/actions/video/media';
import { Item } from '../../../nodes/PrunaVideo/execution/item';

const content = Buffer.alloc(3 * 1024 ** 2, 'x');
const dataUri = `data:image/jpg;base64,${content.toString('base64')}`;

/** An item whose image is at these addresses, one after another. */
function itemWith(...urls: string[]): Item {
	const values: Record<string, () => string | undefined> = {
		imageSource: () => 'url',
		imageUrl: () => (urls.length > 1 ? urls.shift() : urls[0]),
	};
	const context = { getNodeParameter: (name: string) => values[name]?.(), getInputData: () => [] };
	return new Item({ context } as never, 0);
}

test('is read again when it is sent, as it was', async () => {
	const media = await readMedia(itemWith(dataUri), 'image');
	expect(media?.text).toBe('data:image/jpeg (3.0 MB)');
	expect(JSON.stringify(media).length).toBeLessThan(300);
	expect(media?.file?.head).toBe('data:image/jpeg;base64,');
	expect(media?.file?.dataUriBytes).toBe('data:image/jpeg;base64,'.length + 4 * 1024 ** 2);
	// Compared as bytes: Jest takes its time over megabytes.
	const sent = await buffer(Readable.from(media!.file!.read()));
	expect(content.equals(sent)).toBe(true);
});

test('has the same identity for the same content, and a different one for other content', async () => {
	const identityOf = async (url: string) =>
		(await readMedia(itemWith(url), 'image'))?.file?.identity;
	expect(await identityOf(dataUri)).toBe(await identityOf(` ${dataUri}\n`));
	expect(await identityOf(dataUri)).not.toBe(await identityOf('data:image/png;base64,iVBORw0K'));
});

test('that is no longer one when it is sent is refused', async () => {
	const media = await readMedia(itemWith(dataUri, 'https://example.com/a.png'), 'image');
	expect(() => media?.file?.read()).toThrow("'Image URL' was a data URI when it was checked");
});
