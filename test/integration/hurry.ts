/** As long a time limit as a submission has, in ms; cut to a few ms a busy machine would trip it, and the job be uncertain. */
const LONG_MS = 10_000;
/** What at least is left of one. */
const FLOOR_MS = 250;

/**
 * Lets the node's own waits (pauses between tries, time limits of requests) pass `factor` times as fast in the tests
 * of a file. Deadlines, which read the clock, stay as they are.
 */
export function hurry(factor: number): void {
	const timeout = AbortSignal.timeout.bind(AbortSignal);
	beforeEach(() => {
		jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
			const hurried = Math.ceil(ms / factor);
			return timeout(ms >= LONG_MS ? Math.max(hurried, FLOOR_MS) : hurried);
		});
	});
	afterEach(() => jest.restoreAllMocks());
}
