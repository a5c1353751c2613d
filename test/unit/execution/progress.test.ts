/** How far a batch is, told in the browser's console at most once a second, and at its end. */
import type { IExecuteFunctions } from 'n8n-workflow';
import { Progress } from '../../../nodes/PrunaVideo/execution/progress';

test.each<[string, number, number[], number[]]>([
	['a single item', 1, [5_000], []],
	['three quick ones', 3, [10, 20, 30], [3]],
	['three slow ones', 3, [1_500, 3_000, 4_500], [1, 2, 3]],
	['quick ones among slow ones', 5, [100, 1_100, 1_200, 2_050, 2_200], [2, 5]],
	['a batch that is stopped', 9, [100, 200], []],
])('%s of %i, ended after %j ms: told at %j', (_, total, moments, told) => {
	let now = 0;
	const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
	const [shown, logged]: string[][] = [[], []];
	const progress = new Progress(
		{
			sendMessageToUI: (message: string) => shown!.push(message),
			logger: { debug: (message: string) => logged!.push(message) },
		} as unknown as IExecuteFunctions,
		total,
	);
	for (const moment of moments) {
		now = moment;
		progress.countEnded();
	}
	clock.mockRestore();

	expect(shown).toEqual(told.map((ended) => `Pruna Video: ${ended} of ${total} items processed`));
	expect(logged).toEqual(shown);
});
