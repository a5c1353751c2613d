/** A time limit that trips on a busy machine makes a job uncertain: so much of it is left, in ms. */
const SHORTEST_LIMIT_MS = 1_000;

/**
 * Lets the node's own waits (pauses between tries, time limits of requests) pass `factor` times as fast in the tests
 * of a file. Deadlines, which read the clock, stay as they are.
 *
 * @param shortestMs so much is left of a time limit
 */
export function hurry(factor: number, shortestMs = SHORTEST_LIMIT_MS): void {
	const timeout = AbortSignal.timeout.bind(AbortSignal);
	beforeEach(() => {
		jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
			const hurried = Math.ceil(ms / factor);
			const isPause = callers().includes('pause');
			return timeout(isPause ? hurried : Math.max(hurried, Math.min(ms, shortestMs)));
		});
	});
	afterEach(() => jest.restoreAllMocks());
}

/** Lets all of the node's time pass `factor` times as fast, deadlines too, until mocks are restored. */
export function hurryClock(factor: number): void {
	jest.restoreAllMocks();
	const timeout = AbortSignal.timeout.bind(AbortSignal);
	const now = performance.now.bind(performance);
	jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(Math.ceil(ms / factor)));
	jest.spyOn(performance, 'now').mockImplementation(() => factor * now());
}

/** Names of the functions that are being called: in a stack that is printed, source maps change them. */
function callers(): Array<string | null> {
	const print = Error.prepareStackTrace;
	let names: Array<string | null> = [];
	Error.prepareStackTrace = (_, sites) => (names = sites.map((site) => site.getFunctionName()));
	void new Error().stack;
	Error.prepareStackTrace = print;
	return names;
}
