import { isHttpUrl } from '../httpUrl';
import { InvalidParameter } from './field';

const DOWNLOAD_FIRST =
	'Download the file with an earlier node and use that file, or use the URL of the file itself.';
const NOT_A_FILE =
	'It plays the file but is not the file itself. Use a file, or the URL of the file itself.';
const NEEDS_LOGIN =
	'Runpod cannot log in there. Download the file with an earlier node (HTTP Request, or the node of that service, with its credential) and use that file.';

/**
 * What an address is known to lead to in place of a file. `looks` is held against host, path and query; subdomains of
 * the host count where it says `(.+\.)?`.
 */
interface Link {
	what: string;
	looks: RegExp;
	/** What to do about it; `DOWNLOAD_FIRST` where nothing is said. */
	advice?: string;
	/** How the URL of the file itself is made from it: a replacement within the URL … */
	file?: [find: RegExp, replacement: string];
	/** … or a member of its query that is set to 1. */
	flag?: string;
}

/** Judged by the URL alone; the first row that fits counts. */
const LINKS: readonly Link[] = [
	{
		what: 'a Google Drive page',
		looks: /^drive\.google\.com\/(?!(u\/\d+\/|a\/[^/]+\/)?(uc|thumbnail)\b)/,
		file: [
			/^[^?]*\/(?:file\/(?:u\/\d+\/)?d\/([\w-]+)[^?]*|open)\??(?:(?:usp=[^&]*&?)|id=([\w-]+)|(resourcekey=[\w-]+))*.*$/,
			'https://drive.google.com/uc?export=download&id=$1$2&$3',
		],
	},
	{
		what: 'a Google Docs page',
		looks: /^docs\.google\.com\/(?!uc\b|.*\/(export|pub)(\/|\?|$))/,
	},
	{ what: 'a Google Photos page', looks: /^photos\.(google\.com|app\.goo\.gl)\// },
	{
		what: 'a Dropbox page',
		looks: /^(www\.)?dropbox\.com\/(s|scl\/fi)\/(?!.*[?&](raw|dl)=(1|true)\b)/,
		flag: 'raw',
	},
	{ what: 'a Dropbox page', looks: /^(www\.)?dropbox\.com\/(?!s\/|scl\/fi\/)/ },
	{ what: 'a OneDrive page', looks: /^(1drv\.ms|onedrive\.live\.com)\/(?!download\b)/ },
	{ what: 'a SharePoint page', looks: /^[\w-]+\.sharepoint\.com\/:f:\// },
	{
		what: 'a SharePoint page',
		looks: /^[\w-]+\.sharepoint\.com\/:\w:\/(?!.*[?&]download=1\b)/,
		flag: 'download',
	},
	{ what: 'an iCloud page', looks: /^((www|share|photos)\.)?icloud\.com\// },
	{
		what: 'an Imgur page',
		looks: /^(www\.|m\.)?imgur\.com\/\w{5,8}$/,
		// Imgur serves the image under any extension.
		file: [/^.*\/(\w+)$/, 'https://i.imgur.com/$1.jpg'],
	},
	{ what: 'an Imgur page', looks: /^(www\.|m\.)?imgur\.com\/(?!\w{5,8}\.\w{3,4}$)/ },
	{
		what: 'a GitHub page',
		looks: /^github\.com\/[^/]+\/[^/]+\/blob\/(?!.*[?&]raw=(1|true)\b)/,
		file: [/github\.com\/([^/]+\/[^/]+)\/blob\//, 'raw.githubusercontent.com/$1/'],
	},
	{ what: 'a GitLab page', looks: /^gitlab\.com\/.*\/-\/blob\//, file: [/\/-\/blob\//, '/-/raw/'] },
	{
		what: 'a Hugging Face page',
		looks: /^huggingface\.co\/.*\/blob\//,
		file: [/\/blob\//, '/resolve/'],
	},
	{
		what: 'a Wikimedia page',
		looks: /^commons\.wikimedia\.org\/wiki\/File:/,
		file: [/File:/, 'Special:FilePath/'],
	},
	{
		what: 'an Unsplash page',
		looks: /^unsplash\.com\/photos\/[^/?]+\/?$/,
		file: [/(?<!\/)\/?$/, '/download'],
	},
	{ what: 'a Pexels page', looks: /^(www\.)?pexels\.com\// },
	{ what: 'a Flickr page', looks: /^(www\.)?(flickr\.com|flic\.kr)\// },
	{ what: 'a Box page', looks: /^(.+\.)?box\.com\/(s|file|folder|v)\// },
	{
		what: 'a Notion page',
		looks: /^(www\.|(?!file\.|img\.)[^.]+\.)?notion\.(so|site)\/(?!(image|signed|f)\/)/,
	},
	{ what: 'a Pinterest page', looks: /^((www\.)?pinterest\.[a-z.]+|pin\.it)\// },
	{ what: 'a WeTransfer page', looks: /^((www\.)?wetransfer\.com|we\.tl)\// },
	{ what: 'a MEGA page', looks: /^mega\.nz\// },
	{ what: 'a Canva page', looks: /^(www\.)?canva\.com\/design\// },
	{ what: 'a Reddit page', looks: /^(www\.|old\.)?(reddit\.com|redd\.it)\// },
	{
		what: 'a YouTube page',
		looks: /^((www\.|m\.|music\.)?youtube\.com|youtu\.be)\//,
		advice: NOT_A_FILE,
	},
	{
		what: 'a Vimeo page',
		looks: /^(www\.|player\.)?vimeo\.com\/(?!external\/|progressive_redirect\/)/,
		advice: NOT_A_FILE,
	},
	{ what: 'a TikTok page', looks: /^(.+\.)?tiktok\.com\//, advice: NOT_A_FILE },
	{ what: 'an Instagram page', looks: /^(www\.)?instagram\.com\//, advice: NOT_A_FILE },
	{ what: 'an X page', looks: /^(www\.|mobile\.)?(x|twitter)\.com\//, advice: NOT_A_FILE },
	{
		what: 'a Facebook page',
		looks: /^((www\.|m\.)?facebook\.com|fb\.watch)\//,
		advice: NOT_A_FILE,
	},
	{ what: 'a Spotify page', looks: /^open\.spotify\.com\//, advice: NOT_A_FILE },
	{ what: 'a SoundCloud page', looks: /^(www\.|m\.)?soundcloud\.com\//, advice: NOT_A_FILE },
	{
		what: 'a file of Slack, which needs a login',
		looks: /^([\w-]+\.)?slack\.com\/files(-pri|-tmb)?\//,
		advice: NEEDS_LOGIN,
	},
	{
		what: 'a file of WhatsApp or Messenger, which needs a login',
		looks: /^(lookaside\.fbsbx\.com|mmg\.whatsapp\.net)\//,
		advice: NEEDS_LOGIN,
	},
	{
		what: 'a file of Twilio, which needs a login',
		looks: /^(api|media)\.twilio\.com\//,
		advice: NEEDS_LOGIN,
	},
	{
		what: "a file of a Telegram bot, with the bot's secret token in the URL",
		looks: /^api\.telegram\.org\/file\/bot/,
		advice: NEEDS_LOGIN,
	},
];

/** What is known of an address that does not lead to a file. */
export interface NoFile {
	what: string;
	/** What to use instead, as a sentence. */
	advice: string;
	/** The URL of the file itself, if it can be derived. */
	file?: string;
}

/** Undefined if the address may lead to a file. */
export function readLink(address: string): NoFile | undefined {
	if (!isHttpUrl(address)) return undefined;
	const url = new URL(address);
	const { host, pathname, search } = url;
	const link = LINKS.find(({ looks }) => looks.test(host + pathname + search));
	if (link === undefined) return undefined;
	const { what, advice = DOWNLOAD_FIRST } = link;
	const file = fileBehind(link, url);
	if (file === undefined) return { what, advice };
	return {
		what,
		file,
		advice: `Use ${file}, and share the file with everyone who has the link; or download the file with an earlier node and use that file.`,
	};
}

function fileBehind({ file, flag }: Link, url: URL): string | undefined {
	url.hash = '';
	if (flag !== undefined) {
		url.searchParams.delete('dl');
		url.searchParams.set(flag, '1');
		return url.href;
	}
	if (file === undefined || !file[0].test(url.href)) return undefined;
	return url.href.replace(file[0], file[1]).replace(/[?&]$/, '');
}

/**
 * @throws InvalidParameter for an address that is known not to lead to a file
 */
export function checkLeadsToFile(address: string, label: string): void {
	const link = readLink(address);
	if (link === undefined) return;
	throw new InvalidParameter(
		`'${label}' points to ${link.what}, not to a file that Runpod can load`,
		link.advice,
	);
}
