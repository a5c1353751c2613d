'use strict';

// ESLint looks for this file first. It takes n8n's own rules, unchanged, from eslint.config.mjs, which `n8n-node lint`
// compares with its template. They are for what ships; test/eslint.config.mjs has the rules for the rest.
module.exports = import('./eslint.config.mjs').then(({ default: rules }) => [
	{ ignores: ['test/', 'coverage/'] },
	...rules,
]);
