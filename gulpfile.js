'use strict';

const { execFile } = require('node:child_process');
const { rm } = require('node:fs/promises');
const { dest, parallel, series, src } = require('gulp');

/** Removes what an earlier build left, so that a renamed file does not ship twice. */
const clean = () => rm('dist', { recursive: true, force: true });

/** Compiles nodes and credentials; a type error fails the build and says where it is. */
const compile = (done) => {
	const compiler = require.resolve('typescript/bin/tsc');
	execFile(process.execPath, [compiler, '-p', 'tsconfig.json'], (error, stdout) =>
		done(error ? new Error(stdout || error.message) : undefined),
	);
};

/** Icons are files that n8n reads beside the compiled code. */
const icons = () => src('icons/*.svg').pipe(dest('dist/icons'));

/** Codex files: where n8n's node panel and its search look a node up. */
const codex = () => src('nodes/**/*.node.json').pipe(dest('dist/nodes'));

exports.build = series(clean, parallel(compile, icons, codex));
exports.default = exports.build;
