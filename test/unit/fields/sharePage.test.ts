/** Addresses that people copy from a share button, and those that lead to a file. */
import { sharePage } from '../../../nodes/PrunaVideo/fields/sharePage';
import { PARAMETERS } from '../../../nodes/PrunaVideo/pvideo/parameters';
import { result } from './refusal';

const ID = '1A2b3C4d5E6f7G8h9I0j_K-l';

test.each([
	[
		`https://drive.google.com/file/d/${ID}/view?usp=sharing`,
		`https://drive.google.com/uc?export=download&id=${ID}`,
	],
	[
		`https://drive.google.com/file/d/${ID}/view?resourcekey=0-abc`,
		`https://drive.google.com/uc?export=download&id=${ID}&resourcekey=0-abc`,
	],
	[
		`https://drive.google.com/file/u/1/d/${ID}/edit`,
		`https://drive.google.com/uc?export=download&id=${ID}`,
	],
	[
		`https://drive.google.com/open?id=${ID}`,
		`https://drive.google.com/uc?export=download&id=${ID}`,
	],
	['https://www.dropbox.com/s/abc/fox.png?dl=0', 'https://www.dropbox.com/s/abc/fox.png?raw=1'],
	['https://www.dropbox.com/s/abc/fox.png', 'https://www.dropbox.com/s/abc/fox.png?raw=1'],
	[
		'https://www.dropbox.com/scl/fi/abc/fox.png?rlkey=k&st=s&dl=0',
		'https://www.dropbox.com/scl/fi/abc/fox.png?rlkey=k&st=s&raw=1',
	],
	[
		'https://firm.sharepoint.com/:i:/s/team/Eabc?e=x1',
		'https://firm.sharepoint.com/:i:/s/team/Eabc?e=x1&download=1',
	],
	[
		'https://firm-my.sharepoint.com/:u:/g/personal/me/Eabc',
		'https://firm-my.sharepoint.com/:u:/g/personal/me/Eabc?download=1',
	],
	['https://unsplash.com/photos/fox-abc', 'https://unsplash.com/photos/fox-abc/download'],
	['https://imgur.com/aB3dE5f', 'https://i.imgur.com/aB3dE5f.jpg'],
	['https://m.imgur.com/aB3dE5f', 'https://i.imgur.com/aB3dE5f.jpg'],
	[
		'https://github.com/me/films/blob/main/img/a%20fox.png',
		'https://raw.githubusercontent.com/me/films/main/img/a%20fox.png',
	],
	[
		'https://gitlab.com/me/films/-/blob/main/fox.png',
		'https://gitlab.com/me/films/-/raw/main/fox.png',
	],
	[
		'https://huggingface.co/datasets/me/films/blob/main/fox.png',
		'https://huggingface.co/datasets/me/films/resolve/main/fox.png',
	],
	[
		'https://commons.wikimedia.org/wiki/File:Fox.jpg',
		'https://commons.wikimedia.org/wiki/Special:FilePath/Fox.jpg',
	],
])('%s is a page of %s', (url, direct) => {
	expect(sharePage(url)?.direct).toBe(direct);
	expect(sharePage(url)?.advice).toContain(`Use ${direct}, `);
	expect(sharePage(direct)).toBeUndefined();
});

test.each([
	[`https://drive.google.com/drive/folders/${ID}`, 'a Google Drive page'],
	['https://drive.google.com/drive/my-drive', 'a Google Drive page'],
	[`https://docs.google.com/document/d/${ID}/edit`, 'a Google Docs page'],
	['https://photos.app.goo.gl/abc', 'a Google Photos page'],
	['https://photos.google.com/share/abc/photo/def', 'a Google Photos page'],
	['https://www.dropbox.com/scl/fo/abc/def?dl=0', 'a Dropbox page'],
	['https://www.dropbox.com/home/fox.png', 'a Dropbox page'],
	['https://1drv.ms/i/s!abc', 'a OneDrive page'],
	['https://onedrive.live.com/?id=1&cid=2', 'a OneDrive page'],
	['https://firm.sharepoint.com/:f:/s/team/Eabc', 'a SharePoint page'],
	['https://www.icloud.com/iclouddrive/abc#fox', 'an iCloud page'],
	['https://share.icloud.com/photos/abc', 'an iCloud page'],
	['https://imgur.com/a/abc', 'an Imgur page'],
	['https://imgur.com/gallery/fox-abc', 'an Imgur page'],
	['https://app.box.com/s/abc', 'a Box page'],
	['https://firm.app.box.com/file/1', 'a Box page'],
	['https://www.notion.so/me/Fox-abc', 'a Notion page'],
	['https://me.notion.site/Fox-abc', 'a Notion page'],
	['https://www.pinterest.com/pin/1/', 'a Pinterest page'],
	['https://pin.it/abc', 'a Pinterest page'],
	['https://wetransfer.com/downloads/abc', 'a WeTransfer page'],
	['https://we.tl/t-abc', 'a WeTransfer page'],
	['https://mega.nz/file/abc#def', 'a MEGA page'],
	['https://www.canva.com/design/abc/view', 'a Canva page'],
	['https://www.youtube.com/watch?v=abc', 'a YouTube page'],
	['https://YOUTU.BE/abc', 'a YouTube page'],
	['https://vimeo.com/1', 'a Vimeo page'],
	['https://player.vimeo.com/video/1', 'a Vimeo page'],
	['https://www.tiktok.com/@me/video/1', 'a TikTok page'],
	['https://www.instagram.com/p/abc/', 'an Instagram page'],
	['https://x.com/me/status/1/photo/1', 'an X page'],
	['https://www.reddit.com/r/foxes/comments/abc/', 'a Reddit page'],
	['https://www.flickr.com/photos/me/1/', 'a Flickr page'],
	['https://www.pexels.com/photo/fox-1/', 'a Pexels page'],
	['https://www.facebook.com/photo?fbid=1', 'a Facebook page'],
	['https://open.spotify.com/track/abc', 'a Spotify page'],
	['https://soundcloud.com/me/fox', 'a SoundCloud page'],
])('%s is %s, and no file is known behind it', (url, what) => {
	expect(sharePage(url)).toEqual({ what, advice: expect.stringMatching(/^[A-Z].+\.$/) });
});

test.each([
	`https://drive.google.com/uc?export=download&id=${ID}`,
	`https://drive.google.com/uc?id=${ID}`,
	`https://drive.google.com/uc/?id=${ID}`,
	`https://drive.google.com/a/example.com/uc?id=${ID}`,
	`https://drive.google.com/thumbnail?id=${ID}&sz=w1000`,
	`https://drive.usercontent.google.com/download?id=${ID}&export=download`,
	'https://lh3.googleusercontent.com/pw/abc=w1000',
	'https://www.dropbox.com/s/abc/fox.png?dl=1',
	'https://www.dropbox.com/scl/fi/abc/fox.png?rlkey=k&raw=1',
	'https://dl.dropboxusercontent.com/s/abc/fox.png',
	'https://dl.dropbox.com/s/abc/fox.png',
	'https://onedrive.live.com/download?resid=1&authkey=2',
	'https://api.onedrive.com/v1.0/shares/u!abc/root/content',
	'https://firm.sharepoint.com/_layouts/15/download.aspx?share=Eabc',
	'https://firm.sharepoint.com/:i:/s/team/Eabc?download=1',
	'https://i.imgur.com/aB3dE5f.png',
	'https://imgur.com/aB3dE5f.png',
	'https://cvws.icloud-content.com/B/abc/fox.png',
	'https://app.box.com/shared/static/abc.png',
	'https://i.pinimg.com/originals/ab/cd/fox.jpg',
	'https://img.notionusercontent.com/s3/abc',
	'https://www.notion.so/image/https%3A%2F%2Fexample.com%2Ffox.png',
	'https://i.ytimg.com/vi/abc/maxresdefault.jpg',
	'https://img.youtube.com/vi/abc/maxresdefault.jpg',
	'https://graph.facebook.com/1/picture?type=large',
	'https://lookaside.facebook.com/file/fox.jpg',
	'https://api.soundcloud.com/tracks/1/stream',
	'https://download.wetransfer.com/eu/abc/fox.png?token=1',
	'https://github.com/me/films/raw/main/fox.png',
	'https://github.com/me/films/blob/main/fox.png?raw=true',
	'https://github.com/me/films/releases/download/v1/fox.png',
	'https://scontent.cdninstagram.com/v/fox.jpg',
	'https://upload.wikimedia.org/wikipedia/commons/a/ab/Fox.jpg',
	'https://i.redd.it/abc.jpg',
	'https://live.staticflickr.com/1/2.jpg',
	'https://images.unsplash.com/photo-1?w=1000',
	'https://images.pexels.com/photos/1/fox.jpg',
	'https://notyoutube.com/fox.png',
	'https://example.com/dropbox.com/s/fox.png',
	'data:image/png;base64,AAAA',
	'fox.png',
	'',
])('%j may be a file', (url) => {
	expect(sharePage(url)).toBeUndefined();
});

test('a page is refused, and the error names the field', () => {
	expect(result(() => PARAMETERS.audio.field.url.read('https://youtu.be/abc'))).toBe(
		"'Audio URL' points to a YouTube page, not to a file",
	);
});
