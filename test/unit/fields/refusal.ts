import { InvalidParameter } from '../../../nodes/PrunaVideo/invalidParameter';

/** What a check gives, or the message with which it refuses; every refusal says what to do. */
export function result(check: () => unknown): unknown {
	try {
		return check();
	} catch (error) {
		if (!(error instanceof InvalidParameter)) throw error;
		expect(error.description).not.toBe('');
		return error.message;
	}
}
