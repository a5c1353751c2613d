/**
 * Lets the node's own waits (pauses between tries, time limits of requests) pass `factor` times as fast in the tests
 * of a file. Deadlines, which read the clock, stay as they are.
 */
export function hurry(factor: number): void {
	const timeout = AbortSignal.timeout.bind(AbortSignal);
	beforeEach(() => {
		jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(Math.ceil(ms / factor)));
	});
	afterEach(() => jest.restoreAllMocks());
}
