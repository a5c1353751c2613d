'use strict';

const { execFile } = require('node:child_process');
const { rm } = require('node:fs/promises');
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

/**
 * One readable file per node and credential: sixty small ones take n8n three times as long to load.
 * The names of the files come from package.json, where n8n reads them too.
 */
const compile = () =>
	build({
		entryPoints: [...n8n.nodes, ...n8n.credentials].map((file) =>
			file.replace(/^dist\/(.*)\.js$/, '$1.ts'),
		),
		outdir: 'dist',
		outbase: '.',
		bundle: true,
		packages: 'external',
		platform: 'node',
		target: 'node20.15',
		format: 'cjs',
		// Shorter statements, with all names and lines: the package stays under 100 kB.
		minifySyntax: true,
	});

/** n8n reads the icons next to the compiled code. */
const icons = () => src('icons/*.svg').pipe(dest('dist/icons'));

/** Codex files: n8n's node panel and its search read them. */
const codex = () => src('nodes/**/*.node.json').pipe(dest('dist/nodes'));

exports.build = series(clean, parallel(checkTypes, compile, icons, codex));
exports.default = exports.build;
