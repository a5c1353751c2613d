/** Addresses that people copy from a share button, and those that lead to a file. */
import { readLink } from '../../../nodes/PrunaVideo/fields/links';

const ID = '1A2b3C4d5E6f7G8h9I0j_K-l';
const DRIVE = `drive.google.com/uc?export=download&id=${ID}`;
const TEAM = 'firm.sharepoint.com/:i:/s/team/Eabc';

test.each([
	[`drive.google.com/file/d/${ID}/view?usp=sharing`, `${DRIVE}&`],
	[`drive.google.com/file/d/${ID}/view?resourcekey=0-abc`, `${DRIVE}&resourcekey=0-abc`],
	[`drive.google.com/file/u/1/d/${ID}/edit`, `${DRIVE}&`],
	[`drive.google.com/open?id=${ID}`, `${DRIVE}&`],
	['www.dropbox.com/s/abc/fox.png?dl=0', 'www.dropbox.com/s/abc/fox.png?raw=1'],
	['www.dropbox.com/s/abc/fox.png', 'www.dropbox.com/s/abc/fox.png?raw=1'],
	['www.dropbox.com/scl/fi/a/b.png?k=1&dl=0', 'www.dropbox.com/scl/fi/a/b.png?k=1&raw=1'],
	[`${TEAM}?e=x1`, `${TEAM}?e=x1&download=1`],
	['me.sharepoint.com/:u:/g/personal/me/E', 'me.sharepoint.com/:u:/g/personal/me/E?download=1'],
	['unsplash.com/photos/fox-abc', 'unsplash.com/photos/fox-abc/download'],
	['m.imgur.com/aB3dE5f', 'i.imgur.com/aB3dE5f.jpg'],
	[
		'github.com/me/films/blob/main/a%20fox.png',
		'raw.githubusercontent.com/me/films/main/a%20fox.png',
	],
	['gitlab.com/me/films/-/blob/main/fox.png', 'gitlab.com/me/films/-/raw/main/fox.png'],
	['huggingface.co/me/films/blob/main/fox.png', 'huggingface.co/me/films/resolve/main/fox.png'],
	[
		'commons.wikimedia.org/wiki/File:Fox.jpg',
		'commons.wikimedia.org/wiki/Special:FilePath/Fox.jpg',
	],
])('of the page %s the file is %s', (page, file) => {
	const { advice } = readLink(`https://${page}`) ?? {};
	expect(advice).toContain(`Use https://${file.replace(/&$/, '')}, and share`);
	expect(readLink(`https://${file}`)).toBeUndefined();
});

/** By the site, pages behind which no file is known. */
const PAGES: Record<string, string> = {
	'a Google Drive page': `drive.google.com/drive/folders/${ID} drive.google.com/drive/my-drive`,
	'a Google Docs page': `docs.google.com/document/d/${ID}/edit`,
	'a Dropbox page': 'www.dropbox.com/scl/fo/abc/def?dl=0 www.dropbox.com/home/fox.png',
	'a OneDrive page': '1drv.ms/i/s!abc onedrive.live.com/?id=1&cid=2',
	'a SharePoint page': 'firm.sharepoint.com/:f:/s/team/Eabc',
	'an iCloud page': 'www.icloud.com/iclouddrive/abc#fox share.icloud.com/photos/abc',
	'an Imgur page': 'imgur.com/a/abc imgur.com/gallery/fox-abc',
	'a Notion page': 'www.notion.so/me/Fox-abc me.notion.site/Fox-abc',
	'a Pinterest page': 'www.pinterest.com/pin/1/ pin.it/abc',
	'a YouTube page': 'www.youtube.com/watch?v=abc YOUTU.BE/abc',
	'a Vimeo page': 'vimeo.com/1 player.vimeo.com/video/1',
	'an X page': 'x.com/me/status/1/photo/1',
	'a Reddit page': 'www.reddit.com/r/foxes/comments/abc/',
	'a Spotify page': 'open.spotify.com/track/abc',
	'a SoundCloud page': 'soundcloud.com/me/fox',
};

test.each(Object.entries(PAGES))('%s: %s', (what, pages) => {
	for (const page of pages.split(' ')) {
		const advice = expect.stringMatching(/^(Runpod|That page|Download) .+\.$/);
		expect(readLink(`https://${page}`)).toEqual({ what, advice });
	}
});

const FILES = `
	drive.google.com/uc?id=1 drive.google.com/uc/?id=1 drive.google.com/a/example.com/uc?id=1
	drive.google.com/thumbnail?id=1&sz=w1000 drive.usercontent.google.com/download?id=1
	lh3.googleusercontent.com/pw/abc=w1000 docs.google.com/uc?id=1 www.dropbox.com/s/abc/fox.png?dl=1
	www.dropbox.com/scl/fi/abc/fox.png?rlkey=k&raw=1 dl.dropboxusercontent.com/s/abc/fox.png
	dl.dropbox.com/s/abc/fox.png onedrive.live.com/download?resid=1&authkey=2
	api.onedrive.com/v1.0/shares/u!abc/root/content firm.sharepoint.com/_layouts/15/download.aspx?share=E
	i.imgur.com/aB3dE5f.png imgur.com/aB3dE5f.png cvws.icloud-content.com/B/abc/fox.png
	app.box.com/shared/static/abc.png i.pinimg.com/originals/ab/cd/fox.jpg img.notionusercontent.com/s3/a
	www.notion.so/image/https%3A%2F%2Fexample.com%2Ffox.png i.ytimg.com/vi/abc/maxresdefault.jpg
	img.youtube.com/vi/abc/maxresdefault.jpg graph.facebook.com/1/picture?type=large
	lookaside.facebook.com/file/fox.jpg api.soundcloud.com/tracks/1/stream
	download.wetransfer.com/eu/abc/fox.png?token=1 github.com/me/films/raw/main/fox.png
	github.com/me/films/blob/main/fox.png?raw=true github.com/me/films/releases/download/v1/fox.png
	scontent.cdninstagram.com/v/fox.jpg upload.wikimedia.org/wikipedia/commons/a/ab/Fox.jpg
	i.redd.it/abc.jpg live.staticflickr.com/1/2.jpg images.unsplash.com/photo-1?w=1000
	images.pexels.com/photos/1/fox.jpg notyoutube.com/fox.png example.com/dropbox.com/s/fox.png`;

test.each([
	...FILES.trim()
		.split(/\s+/)
		.map((page) => `https://${page}`),
	'data:image/png;x',
	'',
])('%j may be a file', (url) => {
	expect(readLink(url)).toBeUndefined();
});
