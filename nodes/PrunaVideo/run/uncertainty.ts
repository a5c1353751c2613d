import { Failure } from '../runpod/failure';
import type { Kept } from './memory';

/** What to remember of a request of which nobody knows whether Runpod took it; undefined for any other error. */
export function uncertaintyOf(error: unknown): Kept['uncertain'] {
	if (!(error instanceof Failure) || !error.details.isUncertain) return undefined;
	const { description, httpCode } = error.details;
	return { message: error.message, description, ...(httpCode !== undefined && { httpCode }) };
}

/** The failure of an earlier try, in the place of a request that might be paid twice. */
export function repeated({ message, ...details }: NonNullable<Kept['uncertain']>): Failure {
	return new Failure(message, { ...details, isUncertain: true });
}
