import type { INodeProperties } from 'n8n-workflow';
import type { Operation, Plan } from '../execution/operation';

/** One complete operation of the node: how the form shows it, how an item is checked, and what is done with it. */
export interface DescribedOperation<P extends Plan = Plan> extends Operation<P> {
	/** What it works on: one of `RESOURCES`. */
	resource: 'video' | 'job' | 'endpoint';
	/** How workflows store it. */
	value: string;
	/** In the menu 'Operation'. */
	name: string;
	description: string;
	/** In the list of the nodes panel. */
	action: string;
	/** In the order of the form. They are only shown for this operation; each may depend on other fields as well. */
	fields: INodeProperties[];
}
