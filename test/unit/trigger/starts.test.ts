/** How long a call waits for the start of another one: a machine whose pauses take longer must not make it longer. */
import { startDeadline } from '../../../nodes/PrunaVideo/runpod/time';
import { Start } from '../../../nodes/PrunaVideo/trigger/starts';

const LONGER_MS = 150;

test('ends at its deadline, however long each pause takes', async () => {
	const timeout = AbortSignal.timeout.bind(AbortSignal);
	const pauses = jest
		.spyOn(AbortSignal, 'timeout')
		.mockImplementation((ms) => timeout(ms + LONGER_MS));
	const start = new Start(startDeadline(0), { writableEnded: false, statusCode: 0 });
	// Two pauses of 200 ms take 700 ms; without the delay there would be three.
	expect(await start.wait(startDeadline(600))).toBe('running');
	expect(pauses.mock.calls.length).toBe(2);
	pauses.mockRestore();
});

test('ends as soon as the other has started', async () => {
	const answer = { writableEnded: false, statusCode: 0 };
	const start = new Start(startDeadline(0), answer);
	const waiting = start.wait(startDeadline(60_000));
	Object.assign(answer, { writableEnded: true, statusCode: 200 });
	expect(await waiting).toBe('started');
});
