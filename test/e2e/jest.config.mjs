import base from '../jest.config.mjs';

/** A whole n8n each, two at a time: for the most part they wait. */
export default {
	rootDir: '../..',
	testEnvironment: 'node',
	testMatch: ['<rootDir>/test/e2e/**/*.e2e.test.ts'],
	transform: base.transform,
	globalSetup: '<rootDir>/test/e2e/pack.ts',
	testTimeout: 180_000,
	maxWorkers: 2,
};
