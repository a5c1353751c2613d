import base from '../jest.config.mjs';

/** A whole n8n each: minutes, one after the other. */
export default {
	rootDir: '../..',
	testEnvironment: 'node',
	testMatch: ['<rootDir>/test/e2e/**/*.e2e.test.ts'],
	transform: base.transform,
	testTimeout: 180_000,
	maxWorkers: 1,
};
