// The integration tests once more, against Runpod as it was seen to be: the simulator's second profile. Those of the
// simulator itself have both profiles already, and time is measured only once.
import base from './jest.config.mjs';

process.env.PRUNA_SIMULATOR_PROFILE = 'seen';

export default {
	...base,
	testMatch: ['<rootDir>/test/integration/*.test.ts'],
	testPathIgnorePatterns: ['timing.test'],
};
