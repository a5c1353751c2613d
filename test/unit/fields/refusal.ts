import { InvalidParameter } from '../../../nodes/PrunaVideo/fields/field';

/** What a check returns, or the message with which it refuses; every refusal says what to do. */
export function result(check: () => unknown): unknown {
	try {
		return check();
	} catch (error) {
		if (!(error instanceof InvalidParameter)) throw error;
		expect(error.description).toMatch(/\.$/);
		return error.message;
	}
}
