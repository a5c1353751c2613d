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

/** Endings of names that only a local network knows (RFC 6762, RFC 8375, ICANN's reservation of .internal, routers' habits). */
const LOCAL_ENDINGS = ['local', 'internal', 'lan', 'localdomain', 'home.arpa'];

/**
 * Why nobody outside can reach an http(s) address, as words that follow "points to": "the machine itself
 * (localhost)". Undefined if it may be reachable, or is not an http(s) address.
 *
 * Only the address as it is written is judged. A public name can still lead to a private network: a community node
 * cannot ask DNS. If that matters, use n8n's own SSRF protection.
 */
export function unreachableFromOutside(url: string): string | undefined {
	if (!URL.canParse(url)) return undefined;
	const { protocol, hostname } = new URL(url);
	if (protocol !== 'http:' && protocol !== 'https:') return undefined;
	// The URL parser has turned decimal, octal and hexadecimal forms of IPv4 into the usual one, and shortened IPv6.
	const host = hostname.replace(/\.+$/, '');
	const what = networkOf(host);
	return what === undefined ? undefined : `${what} (${host})`;
}

function networkOf(host: string): string | undefined {
	if (host.startsWith('[')) return ipv6Network(ipv6Groups(host.slice(1, -1)));
	if (/^\d+(\.\d+){3}$/.test(host)) return ipv4Network(ipv4Number(host));
	if (host === 'localhost' || host.endsWith('.localhost')) return 'the machine itself';
	if (!host.includes('.')) return 'a host name without a domain';
	const isLocal = LOCAL_ENDINGS.some((ending) => host.endsWith(`.${ending}`));
	return isLocal ? 'a local network name' : undefined;
}

function ipv4Network(address: number): string | undefined {
	const found = IPV4_NETWORKS.find(([network, prefix]) => {
		const size = 2 ** (32 - prefix);
		return Math.floor(address / size) === Math.floor(ipv4Number(network) / size);
	});
	return found?.[2];
}

function ipv4Number(address: string): number {
	return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** The eight groups of an address as the URL parser writes it: hexadecimal, at most one `::`, no dots. */
function ipv6Groups(address: string): number[] {
	const [before = [], after = []] = address
		.split('::')
		.map((part) => part.split(':').filter((group) => group !== ''));
	const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
	return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

function ipv6Network(groups: readonly number[]): string | undefined {
	const [first = 0, second = 0] = groups;
	const isZeroUpTo = (end: number) => groups.slice(0, end).every((group) => group === 0);
	const embedded = (at: number) => ipv4Network((groups[at] ?? 0) * 65_536 + (groups[at + 1] ?? 0));

	if (isZeroUpTo(8)) return 'an unspecified address';
	if (isZeroUpTo(7) && groups[7] === 1) return 'the machine itself';
	// IPv4 in IPv6: mapped, compatible, translated (64:ff9b::/96), 6to4 (2002::/16).
	if (isZeroUpTo(5) && (groups[5] === 0xffff || groups[5] === 0)) return embedded(6);
	if (first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) {
		return embedded(6);
	}
	if (first === 0x2002) return embedded(1);
	if (first >= 0xff00) return 'a multicast network';
	if (first >= 0xfe80) return 'a link-local network';
	if (first >= 0xfc00) return 'a private network';
	// Teredo, documentation, and everything that has not been assigned: global addresses are 2000::/3 (RFC 4291).
	const isReserved =
		first < 0x2000 ||
		first > 0x3fff ||
		(first === 0x2001 && (second === 0 || second === 0xdb8)) ||
		(first === 0x3fff && second < 0x1000);
	return isReserved ? 'a reserved network' : undefined;
}
