/** Scenarios that the property test once failed on, or that it should always play. */
import type { Scenario } from './arbitraries';

export const FOUND: Array<{ name: string; batch: Scenario }> = [
	{
		name: 'a refused item, then a reset after acceptance, with Retry On Fail',
		batch: {
			operation: 'generate',
			download: false,
			takesMs: 3,
			items: [
				{ submission: [{ kind: 'status', status: 400, when: 'before' }], status: [] },
				{ submission: [{ kind: 'reset', when: 'after' }], status: [] },
			],
			executionMode: 'sync',
			concurrency: 1,
			settings: { retryOnFail: true },
		},
	},
	{
		name: 'a job that is forgotten while it runs, with Retry On Fail and Continue',
		batch: {
			operation: 'generate',
			download: false,
			takesMs: 3,
			items: [{ submission: [{ kind: 'forget' }], status: [] }],
			executionMode: 'async',
			concurrency: 1,
			settings: { retryOnFail: true, onError: 'continueRegularOutput' },
		},
	},
];
