import { unreachableFromOutside } from '../../../nodes/PrunaVideo/runpod/address';

/** By what they point to: addresses, and the host where it is written in another way. */
const UNREACHABLE: Record<string, string> = {
	'the machine itself (localhost)': 'localhost:5678/webhook/x LOCALHOST.',
	'the machine itself (n8n.localhost)': 'n8n.localhost',
	'the machine itself (127.0.0.1)':
		'127.0.0.1:5678 127.1 2130706433 0x7f000001 0177.0.0.1 ①②⑦.0.0.1 a@127.0.0.1 127.0.0.1.',
	'the machine itself (127.255.255.255)': '127.255.255.255',
	'an unspecified address (0.0.0.0)': '0.0.0.0 0',
	'a private network (10.1.2.3)': '10.1.2.3',
	'a private network (172.31.255.255)': '172.31.255.255',
	'a private network (192.168.1.1)': '192.168.1.1/a.png 3232235777',
	'a link-local network (169.254.169.254)': '169.254.169.254/latest/meta-data',
	"a provider's internal network (100.64.0.1)": '100.64.0.1',
	"a provider's internal network (100.127.255.255)": '100.127.255.255',
	'a reserved network (192.0.2.1)': '192.0.2.1',
	'a reserved network (198.19.0.1)': '198.19.0.1',
	'a multicast network (239.255.255.255)': '239.255.255.255',
	'a reserved network (255.255.255.255)': '255.255.255.255',
	'the machine itself ([::1])': '[::1]:5678 [0:0:0:0:0:0:0:1]',
	'a reserved network ([::])': '[::]',
	'the machine itself ([::ffff:7f00:1])': '[::ffff:127.0.0.1]',
	'a private network ([::ffff:a00:1])': '[::ffff:a00:1]',
	'a reserved network ([64:ff9b::a00:1])': '[64:ff9b::10.0.0.1]',
	'a private network ([fd12:3456::1])': '[fd12:3456::1]',
	'a link-local network ([fe80::1])': '[fe80::1]',
	'a reserved network ([ff02::1])': '[ff02::1]',
	'a host name without a domain (n8n)': 'n8n:5678/webhook/x',
	'a local network name (host.docker.internal)': 'host.docker.internal:5678',
	'a local network name (nas.home.arpa)': 'nas.home.arpa',
};

test.each(Object.entries(UNREACHABLE))('%s: %s', (why, hosts) => {
	for (const host of hosts.split(' ')) {
		expect([host, unreachableFromOutside(`http://${host}/`)]).toEqual([host, why]);
	}
});

const REACHABLE = `
	n8n.example.com/webhook/x localhost.example.com example.com/?u=http://127.0.0.1 8.8.8.8 11.0.0.0
	xn--bcher-kva.example.com 9.255.255.255 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0
	192.167.255.255 192.169.0.0 223.255.255.255 [2606:4700::1111] [::ffff:8.8.8.8]`;

test.each([
	...REACHABLE.trim()
		.split(/\s+/)
		.map((host) => `http://${host}`),
	...['data:image/png;base64,AAAA', 'not an address', ''],
])('%j may be reachable', (url) => {
	expect(unreachableFromOutside(url)).toBeUndefined();
});
