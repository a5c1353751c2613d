import { InvalidParameter } from '../invalidParameter';

/** A web page that shows a file or asks for a login, where the file itself is needed. */
export interface SharePage {
	/** "a Google Drive page" */
	what: string;
	/** What to use instead, as a sentence. */
	advice: string;
	/** The URL of the file itself, if it can be derived from the page's. */
	direct?: string;
}

interface Service {
	what: string;
	/** Hosts, their subdomains included. */
	hosts: readonly string[];
	/** Whether a URL on these hosts is a page; if missing, all of them are. */
	isPage?(url: URL): boolean;
	direct?(url: URL): string | undefined;
	/** What to do if there is no direct URL; by default, download the file first. */
	advice?: string;
}

const DOWNLOAD_FIRST =
	'Download the file with an earlier node and use it as a binary file, or use the URL of the file itself.';
const NOT_A_FILE =
	'It plays the file but is not the file itself. Use a binary file, or the URL of the file itself.';

/** The address with another value in its query; the order of the rest stays. */
function withQuery(url: URL, name: string, value: string, without?: string): string {
	const changed = new URL(url);
	if (without !== undefined) changed.searchParams.delete(without);
	changed.searchParams.set(name, value);
	changed.hash = '';
	return changed.href;
}

function isSet(url: URL, name: string): boolean {
	return ['1', 'true'].includes(url.searchParams.get(name) ?? '');
}

function driveFile(url: URL): string | undefined {
	const id =
		/^\/file\/(?:u\/\d+\/)?d\/([\w-]+)/.exec(url.pathname)?.[1] ?? url.searchParams.get('id');
	if (id === null || !/^[\w-]+$/.test(id)) return undefined;
	const direct = new URL('https://drive.google.com/uc?export=download');
	direct.searchParams.set('id', id);
	const key = url.searchParams.get('resourcekey');
	if (key !== null) direct.searchParams.set('resourcekey', key);
	return direct.href;
}

/** `https://github.com/OWNER/REPOSITORY/blob/REF/PATH` */
function rawFile(url: URL): string | undefined {
	const [, repository, path] = /^\/([^/]+\/[^/]+)\/blob\/(.+)$/.exec(url.pathname) ?? [];
	return path && `https://raw.githubusercontent.com/${repository}/${path}`;
}

const SERVICES: readonly Service[] = [
	{
		what: 'a Google Drive page',
		hosts: ['drive.google.com'],
		isPage: ({ pathname }) => !/^\/(u\/\d+\/|a\/[^/]+\/)?(uc|thumbnail)\/?$/.test(pathname),
		direct: (url) => (/\/folders\//.test(url.pathname) ? undefined : driveFile(url)),
	},
	{
		what: 'a Google Docs page',
		hosts: ['docs.google.com'],
		isPage: ({ pathname }) => !/^\/uc$|\/(export|pub)(\/|$)/.test(pathname),
	},
	{ what: 'a Google Photos page', hosts: ['photos.google.com', 'photos.app.goo.gl'] },
	{
		what: 'a Dropbox page',
		hosts: ['dropbox.com'],
		isPage: (url) => !/^dl\./.test(url.hostname) && !isSet(url, 'raw') && !isSet(url, 'dl'),
		direct: (url) =>
			/^\/(s|scl\/fi)\//.test(url.pathname) ? withQuery(url, 'raw', '1', 'dl') : undefined,
	},
	{
		what: 'a OneDrive page',
		hosts: ['1drv.ms', 'onedrive.live.com'],
		isPage: ({ pathname }) => !/^\/download(\.aspx)?$/.test(pathname),
	},
	{
		what: 'a SharePoint page',
		hosts: ['sharepoint.com'],
		isPage: (url) => /^\/:\w:\//.test(url.pathname) && !isSet(url, 'download'),
		// `:f:` is a folder.
		direct: (url) => (/^\/:f:\//.test(url.pathname) ? undefined : withQuery(url, 'download', '1')),
	},
	{
		what: 'an iCloud page',
		hosts: ['icloud.com'],
		isPage: ({ hostname }) => /^(www|share|photos)\.|^icloud/.test(hostname),
	},
	{
		what: 'an Imgur page',
		hosts: ['imgur.com'],
		isPage: ({ hostname, pathname }) =>
			hostname !== 'i.imgur.com' && !/^\/\w{5,8}\.\w{3,4}$/.test(pathname),
		// Imgur serves the image under any extension.
		direct: ({ pathname }) => {
			const id = /^\/(\w{5,8})$/.exec(pathname)?.[1];
			return id && `https://i.imgur.com/${id}.jpg`;
		},
		advice: 'Open the image on its own; its URL starts with https://i.imgur.com/.',
	},
	{
		what: 'a GitHub page',
		hosts: ['github.com'],
		isPage: (url) => rawFile(url) !== undefined && !isSet(url, 'raw'),
		direct: rawFile,
	},
	{
		what: 'a GitLab page',
		hosts: ['gitlab.com'],
		isPage: ({ pathname }) => pathname.includes('/-/blob/'),
		direct: ({ origin, pathname }) => origin + pathname.replace('/-/blob/', '/-/raw/'),
	},
	{
		what: 'a Hugging Face page',
		hosts: ['huggingface.co'],
		isPage: ({ pathname }) => pathname.includes('/blob/'),
		direct: ({ origin, pathname }) => origin + pathname.replace('/blob/', '/resolve/'),
	},
	{
		what: 'a Wikimedia page',
		hosts: ['commons.wikimedia.org'],
		isPage: ({ pathname }) => pathname.startsWith('/wiki/File:'),
		direct: ({ origin, pathname }) => origin + pathname.replace('File:', 'Special:FilePath/'),
	},
	{
		what: 'a Box page',
		hosts: ['box.com'],
		isPage: ({ pathname }) => /^\/(s|file|folder|v)\//.test(pathname),
	},
	{
		what: 'a Notion page',
		hosts: ['notion.so', 'notion.site'],
		isPage: ({ hostname, pathname }) =>
			!/^(file|img)\./.test(hostname) && !/^\/(image|signed|f)\//.test(pathname),
	},
	{
		what: 'a Pinterest page',
		hosts: ['pinterest.com', 'pinterest.co.uk', 'pinterest.de', 'pinterest.fr', 'pin.it'],
		advice: 'Open the image on its own; its URL starts with https://i.pinimg.com/.',
	},
	{
		what: 'a Flickr page',
		hosts: ['flickr.com', 'flic.kr'],
		isPage: ({ hostname }) => !/^live\./.test(hostname),
	},
	{
		what: 'an Unsplash page',
		hosts: ['unsplash.com'],
		isPage: ({ pathname }) => /^\/photos\/[^/]+\/?$/.test(pathname),
		direct: ({ origin, pathname }) => `${origin}${pathname.replace(/\/$/, '')}/download`,
	},
	{
		what: 'a Pexels page',
		hosts: ['pexels.com'],
		isPage: ({ hostname }) => !/^(images|videos)\./.test(hostname),
	},
	{
		what: 'a WeTransfer page',
		hosts: ['wetransfer.com', 'we.tl'],
		isPage: ({ hostname }) => !/^download\./.test(hostname),
	},
	{ what: 'a MEGA page', hosts: ['mega.nz'] },
	{ what: 'a Canva page', hosts: ['canva.com'], isPage: (url) => /^\/design\//.test(url.pathname) },
	{
		what: 'a YouTube page',
		hosts: ['youtube.com', 'youtu.be'],
		// The addresses of thumbnails.
		isPage: ({ hostname }) => hostname !== 'img.youtube.com',
		advice: NOT_A_FILE,
	},
	{
		what: 'a Vimeo page',
		hosts: ['vimeo.com'],
		isPage: ({ pathname }) => !/^\/external\/|^\/progressive_redirect\//.test(pathname),
		advice: NOT_A_FILE,
	},
	{ what: 'a TikTok page', hosts: ['tiktok.com'], advice: NOT_A_FILE },
	{ what: 'an Instagram page', hosts: ['instagram.com'], advice: NOT_A_FILE },
	{ what: 'an X page', hosts: ['x.com', 'twitter.com'], advice: NOT_A_FILE },
	{
		what: 'a Reddit page',
		hosts: ['reddit.com', 'redd.it'],
		isPage: ({ hostname }) => !/^(i|preview)\.redd/.test(hostname),
	},
	{
		what: 'a Facebook page',
		hosts: ['facebook.com', 'fb.watch'],
		isPage: ({ hostname }) => !/^(graph|lookaside)\./.test(hostname),
		advice: NOT_A_FILE,
	},
	{ what: 'a Spotify page', hosts: ['open.spotify.com'], advice: NOT_A_FILE },
	{
		what: 'a SoundCloud page',
		hosts: ['soundcloud.com'],
		isPage: ({ hostname }) => !/^api(-v2)?\./.test(hostname),
		advice: NOT_A_FILE,
	},
];

/**
 * The share page that a URL is known to be; undefined if it may be a file. Judged by the URL alone: the file must
 * still be shared with everyone who has the link.
 */
export function sharePage(address: string): SharePage | undefined {
	if (!URL.canParse(address)) return undefined;
	const url = new URL(address);
	if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
	const service = SERVICES.find(({ hosts }) =>
		hosts.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`)),
	);
	if (service === undefined || service.isPage?.(url) === false) return undefined;
	const direct = service.direct?.(url);
	return direct === undefined
		? { what: service.what, advice: service.advice ?? DOWNLOAD_FIRST }
		: {
				what: service.what,
				advice: `Use ${direct}, and share the file with everyone who has the link; or download the file with an earlier node and use it as a binary file.`,
				direct,
			};
}

/**
 * @throws InvalidParameter for an address that is known to be a page
 */
export function checkIsFile(address: string, label: string): void {
	const page = sharePage(address);
	if (page === undefined) return;
	throw new InvalidParameter(`'${label}' points to ${page.what}, not to a file`, page.advice);
}
