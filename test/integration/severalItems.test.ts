/** One input item may give several output items, as a list of jobs would. */
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { execute } from '../../nodes/PrunaVideo/execution/execute';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { CONTINUE } from './batch';
import { runNode } from './engine';

class Lists extends PrunaVideo {
	override execute = async function (this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items = await execute(
			this,
			{
				plan: () => ({}),
				async perform({ index }) {
					if (index === 1) throw new Error('no list');
					return {
						items: ['a', 'b'].map((name) => ({ json: { name }, pairedItem: { item: index } })),
					};
				},
			},
			{
				readSettings: () => ({ concurrency: 5, cancelOnStop: true }),
				readResult: () => ({}),
			},
		);
		return [items];
	};
}

test('in the order of the input, errors among them', async () => {
	const { items } = await runNode({
		parameters: { prompt: 'A cat' },
		items: [{ json: {} }, { json: {} }, { json: {} }],
		settings: CONTINUE,
		type: new Lists(),
	});
	expect(items.map(({ json, pairedItem }) => [json.name ?? 'error', pairedItem])).toEqual([
		['a', { item: 0 }],
		['b', { item: 0 }],
		['error', { item: 1 }],
		['a', { item: 2 }],
		['b', { item: 2 }],
	]);
});
