import { isHttpUrl, LONGEST_URL } from '../uri';
import { InvalidParameter, makeField, type Field, type Look } from './field';

/** An address that does not lead to a file, by its host, path and query; and how the URL of the file is made from it. */
type Link = [
	what: string,
	looks: RegExp,
	file?: [find: RegExp, replacement: string] | { flag: string },
];

interface Links {
	advice: string;
	links: readonly Link[];
}

/** Judged by the URL alone; the first that fits counts. */
const LINKS: readonly Links[] = [
	{
		advice:
			'Runpod cannot log in there. Download the file with an earlier node (HTTP Request, or the node of that service, with its credential) and use that file.',
		links: [
			['a page of Slack that needs a login', /^([\w-]+\.)?slack\.com\/files(-pri|-tmb)?\//],
			['a page of WhatsApp that needs a login', /^(lookaside\.fbsbx\.com|mmg\.whatsapp\.net)\//],
			['a page of Twilio that needs a login', /^(api|media)\.twilio\.com\//],
			['a page of Telegram that needs the secret token of a bot', /^api\.telegram\.org\/file\/bot/],
		],
	},
	{
		advice:
			'That page plays the file; it is not the file itself. Use a file, or the URL of the file itself.',
		links: [
			['a YouTube page', /^((www\.|m\.|music\.)?youtube\.com|youtu\.be)\//],
			['a Vimeo page', /^(www\.|player\.)?vimeo\.com\/(?!external\/|progressive_redirect\/)/],
			['a TikTok page', /^(.+\.)?tiktok\.com\//],
			['an Instagram page', /^(www\.)?instagram\.com\//],
			['an X page', /^(www\.|mobile\.)?(x|twitter)\.com\//],
			['a Facebook page', /^((www\.|m\.)?facebook\.com|fb\.watch)\//],
			['a Spotify page', /^open\.spotify\.com\//],
			['a SoundCloud page', /^(www\.|m\.)?soundcloud\.com\//],
		],
	},
	{
		advice:
			'Download the file with an earlier node and use that file, or use the URL of the file itself.',
		links: [
			[
				'a Google Drive page',
				/^drive\.google\.com\/(?!(u\/\d+\/|a\/[^/]+\/)?(uc|thumbnail)\b)/,
				[
					/^[^?]*\/(?:file\/(?:u\/\d+\/)?d\/([\w-]+)[^?]*|open)\??(?:(?:usp=[^&]*&?)|id=([\w-]+)|(resourcekey=[\w-]+))*.*$/,
					'https://drive.google.com/uc?export=download&id=$1$2&$3',
				],
			],
			['a Google Docs page', /^docs\.google\.com\/(?!uc\b|.*\/(export|pub)(\/|\?|$))/],
			['a Google Photos page', /^photos\.(google\.com|app\.goo\.gl)\//],
			[
				'a Dropbox page',
				/^(www\.)?dropbox\.com\/(s|scl\/fi)\/(?!.*[?&](raw|dl)=(1|true)\b)/,
				{ flag: 'raw' },
			],
			['a Dropbox page', /^(www\.)?dropbox\.com\/(?!s\/|scl\/fi\/)/],
			['a OneDrive page', /^(1drv\.ms|onedrive\.live\.com)\/(?!download\b)/],
			['a SharePoint page', /^[\w-]+\.sharepoint\.com\/:f:\//],
			[
				'a SharePoint page',
				/^[\w-]+\.sharepoint\.com\/:\w:\/(?!.*[?&]download=1\b)/,
				{ flag: 'download' },
			],
			['an iCloud page', /^((www|share|photos)\.)?icloud\.com\//],
			[
				'an Imgur page',
				/^(www\.|m\.)?imgur\.com\/\w{5,8}$/,
				// Imgur serves the image under any extension.
				[/^.*\/(\w+)$/, 'https://i.imgur.com/$1.jpg'],
			],
			['an Imgur page', /^(www\.|m\.)?imgur\.com\/(?!\w{5,8}\.\w{3,4}$)/],
			[
				'a GitHub page',
				/^github\.com\/[^/]+\/[^/]+\/blob\/(?!.*[?&]raw=(1|true)\b)/,
				[/github\.com\/([^/]+\/[^/]+)\/blob\//, 'raw.githubusercontent.com/$1/'],
			],
			['a GitLab page', /^gitlab\.com\/.*\/-\/blob\//, [/\/-\/blob\//, '/-/raw/']],
			['a Hugging Face page', /^huggingface\.co\/.*\/blob\//, [/\/blob\//, '/resolve/']],
			['a Wikimedia page', /^commons\.wikimedia\.org\/wiki\/File:/, [/File:/, 'Special:FilePath/']],
			['an Unsplash page', /^unsplash\.com\/photos\/[^/?]+\/?$/, [/(?<!\/)\/?$/, '/download']],
			['a Pexels page', /^(www\.)?pexels\.com\//],
			['a Flickr page', /^(www\.)?(flickr\.com|flic\.kr)\//],
			['a Box page', /^(.+\.)?box\.com\/(s|file|folder|v)\//],
			[
				'a Notion page',
				/^(www\.|(?!file\.|img\.)[^.]+\.)?notion\.(so|site)\/(?!(image|signed|f)\/)/,
			],
			['a Pinterest page', /^((www\.)?pinterest\.[a-z.]+|pin\.it)\//],
			['a WeTransfer page', /^((www\.)?wetransfer\.com|we\.tl)\//],
			['a MEGA page', /^mega\.nz\//],
			['a Canva page', /^(www\.)?canva\.com\/design\//],
			['a Reddit page', /^(www\.|old\.)?(reddit\.com|redd\.it)\//],
		],
	},
];

/** What an address leads to in place of a file, and what to do about it; undefined if it may be a file's. */
export function readLink(address: string): { what: string; advice: string } | undefined {
	if (!isHttpUrl(address)) return undefined;
	const url = new URL(address);
	const place = url.host + url.pathname + url.search;
	for (const { advice, links } of LINKS) {
		const link = links.find(([, looks]) => looks.test(place));
		if (link === undefined) continue;
		const [what, , made] = link;
		const file = made && fileBehind(url, made);
		if (file === undefined) return { what, advice };
		const use = `Use ${file}, and share the file so that anyone with the link can open it`;
		return { what, advice: `${use}; or download it with an earlier node and use that file.` };
	}
	return undefined;
}

function fileBehind(url: URL, made: NonNullable<Link[2]>): string | undefined {
	url.hash = '';
	if ('flag' in made) {
		url.searchParams.delete('dl');
		url.searchParams.set(made.flag, '1');
		return url.href;
	}
	const [find, replacement] = made;
	return find.test(url.href) ? url.href.replace(find, replacement).replace(/[?&]$/, '') : undefined;
}

/** @throws InvalidParameter for an address that is known not to lead to a file */
export function checkLeadsToFile(address: string, label: string): void {
	const link = readLink(address);
	if (link === undefined) return;
	throw new InvalidParameter(`'${label}' points to ${link.what}, not to a file`, link.advice);
}

export function addressField(look: Look): Field<string | undefined> {
	return makeField<string | undefined>(look, {
		form: { type: 'string', default: '' },
		unset: undefined,
		demand: 'be a URL that starts with http:// or https://',
		parse: (value) => httpUrlFrom(value, look.label),
	});
}

/**
 * A whole http(s) URL, its spaces encoded as every client does; undefined for anything else.
 * @throws InvalidParameter for one that is longer than any server accepts
 */
export function httpUrlFrom(value: unknown, label: string): string | undefined {
	const text = typeof value === 'string' ? value.trim() : '';
	if (/^https?:\/\//i.test(text) && text.length > LONGEST_URL) {
		throw new InvalidParameter(
			`'${label}' is longer than ${LONGEST_URL} characters`,
			'Use a shorter URL, or give the file itself.',
		);
	}
	const url = text.replace(/ /g, '%20');
	return isHttpUrl(url) && !/\s/.test(url) ? url : undefined;
}
