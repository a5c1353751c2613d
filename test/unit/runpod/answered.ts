import type { Answer } from '../../../nodes/PrunaVideo/runpod/answer';

export type Answered = Answer & { kind: 'answered' };

/** An answer of Runpod's that came at once. */
export function answered(status: number, body: unknown = '', more?: Partial<Answered>): Answered {
	return { kind: 'answered', status, headers: {}, body, tookMs: 100, ...more };
}

export function ended(kind: Exclude<Answer['kind'], 'answered'>): Answer {
	return { kind, reason: 'x' };
}
