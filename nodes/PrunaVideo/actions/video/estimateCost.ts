import type { Operation, Plan } from '../../execution/operation';
import type { Estimate } from '../../pvideo/input';
import { pricedFields } from './fields';
import { priceVideo } from './input';

interface PricePlan extends Plan {
	estimate: Estimate;
}

/** Video > Estimate Cost: the price before spending; sends nothing. */
export const estimateCost: Operation<PricePlan> = {
	resource: 'video',
	value: 'estimateCost',
	name: 'Estimate Cost',
	description: 'Calculate the price of a video without calling Runpod',
	action: 'Estimate the cost of a video',
	fields: [...pricedFields.main, pricedFields.additional],

	plan: async (item) => ({ estimate: await priceVideo(item) }),

	/** Passes the item on, so that the operation can come before Generate. */
	async perform({ execution, input, index }, { estimate }) {
		execution.tally.count('estimate', estimate.estimatedCost);
		const json = { ...input.json, ...estimate };
		const { binary } = input;
		// Without an `error` of an earlier node: n8n would replace the item by it.
		return { item: { json, ...(binary && { binary }), pairedItem: { item: index } }, job: {} };
	},
};
