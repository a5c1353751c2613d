// n8n logs every error that a test provokes.
process.env.N8N_LOG_LEVEL ??= 'silent';

export default {
	rootDir: '..',
	testEnvironment: 'node',
	testMatch: ['<rootDir>/test/{unit,integration}/**/*.test.ts'],
	transform: {
		'^.+\\.ts$': [
			'@swc/jest',
			{
				jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } },
				sourceMaps: 'inline',
			},
		],
	},
	collectCoverageFrom: ['nodes/**/*.ts', 'credentials/**/*.ts'],
	coverageThreshold: { global: { lines: 95, branches: 90 } },
	testTimeout: 30_000,
	// Most tests wait for sockets and timers, so that two cores carry five.
	maxWorkers: 5,
};
