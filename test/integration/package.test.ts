/** What users install: the packed tarball and what stands in it. `npm test` builds before it comes here. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ICredentialType, INodeType } from 'n8n-workflow';
import manifest from '../../package.json';

const root = join(__dirname, '../..');
const inPackage = (file: string) => join(root, file);
const { nodes, credentials } = manifest.n8n;

/** `dist/nodes/A/B.node.js` → `B`: n8n takes the class that is named like its file. */
const classOf = (path: string) => basename(path).split('.')[0]!;

function create<T>(path: string): T {
	const { [classOf(path)]: Class } = jest.requireActual<Record<string, new () => T>>(
		inPackage(path),
	);
	if (Class === undefined) throw new Error(`${path} has no class ${classOf(path)}`);
	return new Class();
}

beforeAll(() => {
	if (!existsSync(inPackage('dist'))) throw new Error('Run `npm run build` before this test.');
});

describe('the tarball', () => {
	let packed: { size: number; files: Array<{ path: string }> };
	let paths: string[];
	beforeAll(() => {
		const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
			cwd: root,
			encoding: 'utf8',
			stdio: ['ignore', 'pipe', 'ignore'],
		});
		[packed] = JSON.parse(output) as [typeof packed];
		paths = packed.files.map(({ path }) => path);
	});

	test('holds only what users need', () => {
		const others = paths.filter((path) => !path.startsWith('dist/')).sort();
		expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'index.js', 'package.json']);
	});

	test('holds in dist only compiled code, codex files and icons', () => {
		const strangers = paths.filter(
			(path) =>
				path.startsWith('dist/') &&
				!/^dist\/(nodes|credentials)\/.*(\.js|\.node\.json)$/.test(path) &&
				!/^dist\/icons\/[^/]+\.svg$/.test(path),
		);
		expect(strangers).toEqual([]);
	});

	test('has everything that package.json names', () => {
		expect(paths).toEqual(expect.arrayContaining([...nodes, ...credentials, manifest.main]));
	});

	test('is under 100 kB', () => {
		expect(packed.size).toBeGreaterThan(0);
		expect(packed.size).toBeLessThan(100_000);
	});
});

test('nothing is installed with it but what n8n brings', () => {
	expect(manifest).not.toHaveProperty('dependencies');
	expect(manifest).not.toHaveProperty('optionalDependencies');
	expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
});

test('n8n finds it by keyword and name, and checks it strictly', () => {
	expect(manifest.keywords).toContain('n8n-community-node-package');
	expect(manifest.name).toBe('n8n-nodes-pruna-video');
	expect(manifest.n8n).toMatchObject({ n8nNodesApiVersion: 1, strict: true });
});

test('index.js exports every node and credential', () => {
	const names = execFileSync(process.execPath, ['-p', 'Object.keys(require(".")).sort().join()'], {
		cwd: root,
		encoding: 'utf8',
	});
	expect(names.trim()).toBe([...nodes, ...credentials].map(classOf).sort().join());
});

/** The icons of the class in `path`: named beside it, light and dark, and drawn. */
function expectIcons(path: string, icon: unknown): void {
	expect(icon).toEqual({ light: expect.stringMatching(/^file:/), dark: expect.any(String) });
	for (const name of Object.values(icon as Record<string, string>)) {
		const file = inPackage(join(path, '..', name.replace(/^file:/, '')));
		expect(readFileSync(file, 'utf8')).toMatch(/<svg[\s>]/);
	}
}

describe.each(nodes)('%s', (path) => {
	test('is named like its file and has light and dark icons', () => {
		const { description } = create<INodeType>(path);
		expect(description.name.toLowerCase()).toBe(classOf(path).toLowerCase());
		expectIcons(path, description.icon);
	});

	test('has a codex file that names it', () => {
		const codex: unknown = JSON.parse(
			readFileSync(inPackage(path.replace(/\.js$/, '.json')), 'utf8'),
		);
		expect(codex).toMatchObject({
			node: `${manifest.name}.${create<INodeType>(path).description.name}`,
			codexVersion: '1.0',
			categories: expect.arrayContaining([expect.any(String)]),
			resources: { primaryDocumentation: [{ url: expect.stringMatching(/^https:/) }] },
		});
	});

	test('uses only credentials that the package brings', () => {
		const brought = credentials.map((credential) => create<ICredentialType>(credential).name);
		const used = create<INodeType>(path).description.credentials ?? [];
		expect(brought).toEqual(expect.arrayContaining(used.map(({ name }) => name)));
	});
});

test.each(credentials)('%s is named like its file and has light and dark icons', (path) => {
	const credential = create<ICredentialType>(path);
	expect(credential.name.toLowerCase()).toBe(classOf(path).toLowerCase());
	expectIcons(path, credential.icon);
});

test('AI agents can use the node as a tool, and are told when to use it and what it costs', () => {
	expect(create<INodeType>('dist/nodes/PrunaVideo/PrunaVideo.node.js').description).toMatchObject({
		usableAsTool: {
			replacements: {
				description: expect.stringMatching(
					/Use it when.*\$0\.02 per second at 720p, \$0\.04 at 1080p/,
				),
			},
		},
	});
});
