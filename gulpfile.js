'use strict';

const { execFile } = require('node:child_process');
const { mkdir, rm, writeFile } = require('node:fs/promises');
const { dirname, relative } = require('node:path');
const { build } = require('esbuild');
const { dest, parallel, series, src } = require('gulp');
const { n8n } = require('./package.json');

/** Removes the output of earlier builds, so that a renamed file does not ship twice. */
const clean = () => rm('dist', { recursive: true, force: true });

/** A type error fails the build and says where it is. */
const checkTypes = (done) => {
	const compiler = require.resolve('typescript/bin/tsc');
	execFile(process.execPath, [compiler, '-p', 'tsconfig.json'], (error, stdout) =>
		done(error ? new Error(stdout || error.message) : undefined),
	);
};

/** `dist/nodes/A/B.node.js` → `./nodes/A/B.node.ts`: the files' names come from package.json, where n8n reads them too. */
const sourceOf = (file) => file.replace(/^dist\/(.*)\.js$/, './$1.ts');

/**
 * One readable file: sixty small ones take n8n three times as long to load, and one for each node would ship what they
 * share twice. The first node's file holds it; the others lead there.
 */
const compile = async () => {
	const [first, ...others] = [...n8n.nodes, ...n8n.credentials];
	const contents = [first, ...others].map((file) => `export * from '${sourceOf(file)}';`).join('');
	await build({
		stdin: { contents, resolveDir: __dirname },
		outfile: first,
		bundle: true,
		packages: 'external',
		platform: 'node',
		target: 'node20.15',
		format: 'cjs',
	});
	for (const file of others) {
		const path = relative(dirname(file), first).replace(/^(?!\.)/, './');
		await mkdir(dirname(file), { recursive: true });
		await writeFile(file, `'use strict';\nmodule.exports = require('${path}');\n`);
	}
};

/** n8n reads the icons next to the compiled code. */
const icons = () => src('icons/*.svg').pipe(dest('dist/icons'));

/** Codex files, for n8n's node panel and its search, and schemas of what each operation returns, for its editor. */
const json = () => src('nodes/**/*.json').pipe(dest('dist/nodes'));

exports.build = series(clean, parallel(checkTypes, compile, icons, json));
exports.default = exports.build;
