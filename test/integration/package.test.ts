/** What users install: the packed tarball, and what n8n's own loader makes of it. `npm test` builds before it. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PackageDirectoryLoader } from 'n8n-core';
import manifest from '../../package.json';

const root = join(__dirname, '../..');
const { nodes, credentials } = manifest.n8n;

beforeAll(() => {
	if (!existsSync(join(root, 'dist'))) throw new Error('Run `npm run build` before this test.');
});

/** The standard output of a program in the package's folder. */
const run = (program: string, ...args: string[]) =>
	execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

test('the tarball holds what users need and nothing else, in at most 75 kB', () => {
	const output = run('npm', 'pack', '--dry-run', '--json', '--ignore-scripts');
	const [{ size, files }] = JSON.parse(output) as [
		{ size: number; files: Array<{ path: string }> },
	];
	const codexFiles = nodes.map((path) => path.replace(/\.js$/, '.json'));
	const icons = ['dist/icons/prunaVideo.dark.svg', 'dist/icons/prunaVideo.svg'];
	const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
	const expected = [...papers, manifest.main, ...nodes, ...codexFiles, ...credentials, ...icons];
	expect(files.map(({ path }) => path).sort()).toEqual(expected.sort());
	expect(size).toBeLessThanOrEqual(75_000);
});

test('it brings no other package, and n8n finds it by keyword and name and checks it strictly', () => {
	for (const name of ['dependencies', 'optionalDependencies', 'bundleDependencies']) {
		expect(manifest).not.toHaveProperty(name);
	}
	expect(manifest).toMatchObject({
		name: 'n8n-nodes-pruna-video',
		peerDependencies: { 'n8n-workflow': '*' },
		keywords: expect.arrayContaining(['n8n-community-node-package']),
		n8n: { n8nNodesApiVersion: 1, strict: true },
	});
});

test('index.js exports every node and credential', () => {
	const names = run(process.execPath, '-p', 'Object.keys(require(".")).sort().join()');
	expect(names.trim()).toBe('PrunaVideo,PrunaVideoRunpodApi,PrunaVideoTrigger');
});

test("n8n's loader loads all of it, with icons for both themes, codex files and the credential", async () => {
	const loader = new PackageDirectoryLoader(root);
	await loader.loadAll();
	const icon = (theme: string) => `icons/n8n-nodes-pruna-video/dist/icons/prunaVideo${theme}.svg`;
	const iconUrl = { light: icon(''), dark: icon('.dark') };
	const codex = {
		categories: expect.arrayContaining([expect.any(String)]),
		resources: { primaryDocumentation: [{ url: expect.stringMatching(/^https:/) }] },
	};
	const name = 'prunaVideoRunpodApi';
	const used = { codex, iconUrl, credentials: [expect.objectContaining({ name })] };
	const { types } = loader;
	expect(types.nodes.map(({ name }) => name)).toEqual(['prunaVideo', 'prunaVideoTrigger']);
	for (const node of types.nodes) expect(node).toMatchObject(used);
	expect(types.credentials).toMatchObject([{ name, iconUrl }]);
	// AI agents are told when to use it and what it costs.
	const told = /Use it when.*\$0\.02 per second at 720p, \$0\.04 at 1080p/;
	const description = expect.stringMatching(told);
	expect(types.nodes[0]).toMatchObject({ usableAsTool: { replacements: { description } } });
});
