import { isHttpUrl } from '../uri';

/**
 * IPv4 networks that cannot be reached from outside, or that no public server uses (IANA's special-purpose registry).
 */
const IPV4_NETWORKS: ReadonlyArray<readonly [network: string, prefix: number, what: string]> = [
	['0.0.0.0', 8, 'an unspecified address'],
	['10.0.0.0', 8, 'a private network'],
	['100.64.0.0', 10, "a provider's internal network"],
	['127.0.0.0', 8, 'the machine itself'],
	['169.254.0.0', 16, 'a link-local network'],
	['172.16.0.0', 12, 'a private network'],
	['192.0.0.0', 24, 'a reserved network'],
	['192.0.2.0', 24, 'a reserved network'],
	['192.168.0.0', 16, 'a private network'],
	['198.18.0.0', 15, 'a reserved network'],
	['198.51.100.0', 24, 'a reserved network'],
	['203.0.113.0', 24, 'a reserved network'],
	['224.0.0.0', 4, 'a multicast network'],
	['240.0.0.0', 4, 'a reserved network'],
];

/** Endings of names that only a local network knows (RFC 6762, RFC 8375, ICANN's .internal, routers' habits). */
const LOCAL_ENDINGS = ['local', 'internal', 'lan', 'localdomain', 'home.arpa'];

/**
 * Why nobody outside can reach an http(s) address, as words that follow "points to": "the machine itself
 * (localhost)". Undefined if it may be reachable, or is not an http(s) address. Only the address as it is written is
 * judged. A public name can still lead to a private network: a community node cannot ask DNS. If that matters, use
 * n8n's own SSRF protection.
 */
export function unreachableFromOutside(url: string): string | undefined {
	if (!isHttpUrl(url)) return undefined;
	// The URL parser has turned decimal, octal and hexadecimal forms of IPv4 into the usual one, and shortened IPv6.
	const { hostname } = new URL(url);
	const host = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
	const what = networkOf(host);
	return what === undefined ? undefined : `${what} (${host})`;
}

export function isLoopback(host: string): boolean {
	return networkOf(host) === 'the machine itself';
}

function networkOf(host: string): string | undefined {
	if (host.startsWith('[')) return ipv6Network(host.slice(1, -1));
	if (/^\d+(\.\d+){3}$/.test(host)) return ipv4Network(host);
	if (host === 'localhost' || host.endsWith('.localhost')) return 'the machine itself';
	if (!host.includes('.')) return 'a host name without a domain';
	const isLocal = LOCAL_ENDINGS.some((ending) => host.endsWith(`.${ending}`));
	return isLocal ? 'a local network name' : undefined;
}

function ipv4Network(address: string): string | undefined {
	const found = IPV4_NETWORKS.find(([network, prefix]) => {
		const size = 2 ** (32 - prefix);
		return Math.floor(ipv4Number(address) / size) === Math.floor(ipv4Number(network) / size);
	});
	return found?.[2];
}

function ipv4Number(address: string): number {
	return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** Global addresses are 2000::/3 (RFC 4291); what lies in it for IPv4 and for tests is left to n8n's own protection. */
function ipv6Network(address: string): string | undefined {
	if (address === '::1') return 'the machine itself';
	if (/^[23]/.test(address) && address.indexOf(':') === 4) return undefined;
	if (/^f[cd]/.test(address)) return 'a private network';
	if (/^fe[89ab]/.test(address)) return 'a link-local network';
	const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address);
	if (mapped === null) return 'a reserved network';
	const [high, low] = [mapped[1], mapped[2]].map((part) => Number.parseInt(part ?? '', 16));
	const parts = [high, low].flatMap((part = 0) => [part >> 8, part & 255]);
	return ipv4Network(parts.join('.'));
}
