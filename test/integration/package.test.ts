/** What users install: the packed tarball, and what n8n's own loader makes of it. `npm test` builds before it. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PackageDirectoryLoader } from 'n8n-core';
import manifest from '../../package.json';

const root = join(__dirname, '../..');
const { nodes, credentials } = manifest.n8n;

beforeAll(() => {
	if (!fs.existsSync(join(root, 'dist'))) throw new Error('Run `npm run build` before this test.');
});

/** The standard output of a program in the package's folder. */
const run = (program: string, ...args: string[]) => {
	// jest's NODE_ENV=test makes rules of n8n's lint apply to every file.
	const env = { ...process.env, NODE_ENV: 'production' };
	return execFileSync(program, args, { cwd: root, env, encoding: 'utf8', stdio: 'pipe' });
};

describe('the tarball', () => {
	let folder: string;
	let packed: { filename: string; size: number; files: Array<{ path: string }> };
	beforeAll(() => {
		folder = fs.mkdtempSync(join(tmpdir(), 'pruna-video-package-'));
		const flags = ['--json', '--ignore-scripts', '--pack-destination', folder];
		[packed] = JSON.parse(run('npm', 'pack', ...flags));
		const tarball = join(folder, packed.filename);
		run('tar', '-xzf', tarball, '-C', folder, '--strip-components=1');
	});
	afterAll(() => fs.rmSync(folder, { recursive: true }));

	test('holds what users need and nothing else, in at most 75 kB', () => {
		const codexFiles = nodes.map((path) => path.replace(/\.js$/, '.json'));
		const schemas = fs
			.readdirSync(join(root, 'nodes'), { recursive: true, encoding: 'utf8' })
			.filter((path) => /__schema__.*\.json$/.test(path))
			.map((path) => `dist/nodes/${path}`);
		const icons = ['dist/icons/prunaVideo.dark.svg', 'dist/icons/prunaVideo.svg'];
		const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
		const code = [manifest.main, ...nodes, ...codexFiles, ...credentials];
		const expected = [...papers, ...code, ...icons, ...schemas];
		expect(packed.files.map(({ path }) => path).sort()).toEqual(expected.sort());
		expect(packed.size).toBeLessThanOrEqual(75_000);
	});

	test("passes n8n's scan, as do the sources; switching a rule off does not help", () => {
		expect(scan(root, folder)).toEqual([{ passed: true }, { passed: true }]);
		const bad = "/* eslint-disable */ console.log('a');";
		fs.appendFileSync(join(folder, nodes[0]!), bad);
		fs.mkdirSync(join(folder, 'nodes'));
		fs.writeFileSync(join(folder, 'nodes/Bad.ts'), bad);
		const caught = { passed: false, details: expect.stringContaining('no-console') };
		expect(scan(folder, folder)).toMatchObject([caught, caught]);
	});
});

/** What n8n's verification says of sources and a package; its rules need a process of their own. */
function scan(sources: string, folder: string): unknown {
	const program = `
		import { analyzePackage, SOURCE_FILE_PATTERNS } from '@n8n/scan-community-package/scanner/scanner.mjs';
		const [sources, folder] = process.argv.slice(1);
		const legs = [[sources, SOURCE_FILE_PATTERNS], [folder, ['**/*.js', 'package.json']]];
		console.log(JSON.stringify(await Promise.all(legs.map((leg) => analyzePackage(...leg)))));`;
	return JSON.parse(run(process.execPath, '--input-type=module', '-e', program, sources, folder));
}

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
		categories: ['Marketing & Content'],
		resources: { primaryDocumentation: [{ url: expect.stringMatching(/^https:/) }] },
	};
	const name = 'prunaVideoRunpodApi';
	const used = { codex, iconUrl, credentials: [expect.objectContaining({ name })] };
	const { types } = loader;
	expect(types.nodes.map(({ name }) => name)).toEqual(['prunaVideo', 'prunaVideoTrigger']);
	for (const node of types.nodes) {
		expect(node).toMatchObject(used);
		expect(node).not.toHaveProperty('codex.subcategories');
	}
	expect(types.credentials).toMatchObject([{ name, iconUrl }]);
	// n8n's AI workflow builder, which is told by default that a video needs Wait nodes, knows better.
	const told = /waits .* by itself.* billed: set Max Cost per Execution.*Estimate Cost is free/;
	const builderHint = { searchHint: expect.stringMatching(told) };
	expect(types.nodes[0]).toMatchObject({ builderHint });
});
