/** Who may do what: the simulator's API keys. */

import { refusal, type Answer } from './answer';
import { FORBIDDEN_KEY, NO_CREDIT_KEY, type SimulatorOptions } from './options';

export type Access = { label: string } | { refused: Answer };

/** Operations that cost money, so that a key without credit cannot use them. */
const PAID: readonly string[] = ['runsync', 'run', 'retry'];

/** Labels are what the ledger shows: the key itself stays out of it. */
export function checkAccess(
	authorization: string | undefined,
	operation: string,
	options: SimulatorOptions,
): Access {
	const [, key] = /^Bearer ([^\s]+)$/.exec(authorization ?? '') ?? [];
	if (key === options.apiKey) return { label: 'default' };
	if (key === FORBIDDEN_KEY) {
		return { refused: refusal(403, 'The API key has no permission for this endpoint') };
	}
	if (key === NO_CREDIT_KEY) {
		return PAID.includes(operation)
			? { refused: refusal(402, 'Insufficient credit balance') }
			: { label: 'no credit' };
	}
	return { refused: refusal(401, 'Unauthorized: the API key is missing or not valid') };
}
