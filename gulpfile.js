'use strict';

const { execFile } = require('node:child_process');
const { rm } = require('node:fs/promises');
const { build } = require('esbuild');
const { dest, parallel, series, src } = require('gulp');
const { n8n } = require('./package.json');

/** Removes what an earlier build left, so that a renamed file does not ship twice. */
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
 * What n8n reads of a package is in package.json, so that is where the files' names come from.
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
	});

/** Icons are files that n8n reads beside the compiled code. */
const icons = () => src('icons/*.svg').pipe(dest('dist/icons'));

/** Codex files: where n8n's node panel and its search look a node up. */
const codex = () => src('nodes/**/*.node.json').pipe(dest('dist/nodes'));

exports.build = series(clean, parallel(checkTypes, compile, icons, codex));
exports.default = exports.build;
