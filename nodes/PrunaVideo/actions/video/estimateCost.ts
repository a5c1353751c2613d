import type { INodeProperties } from 'n8n-workflow';
import type { Estimate } from '../../pvideo/price';
import type { Operation, Plan } from '../../run/operation';
import { priceVideo } from './plan';

export const properties: INodeProperties[] = [];

interface PricePlan extends Plan {
	estimate: Estimate;
}

/** Video > Estimate Cost: the price before spending; sends nothing. */
export const operation: Operation<PricePlan> = {
	plan: (context, itemIndex) => ({ estimate: priceVideo(context, itemIndex) }),

	perform: async (_run, { estimate }, itemIndex) => ({
		json: { ...estimate },
		pairedItem: { item: itemIndex },
	}),
};
