/**
 * What a later try (Retry On Fail) may do about an item that failed:
 * - `submit`: nothing runs and nothing was paid, so a new job may be submitted;
 * - `poll`: a job with a known id may be running or done, so ask for that one;
 * - `nothing`: a job may have been accepted whose id is unknown, so a new one could be paid twice.
 */
export type Resume = 'submit' | 'poll' | 'nothing';

export interface FailureDetails {
	/** What the user can do about it. */
	description: string;
	resume: Resume;
	jobId?: string;
	/** The job's state, where Runpod told it. */
	status?: string;
	/** HTTP status of the answer that decided. */
	httpCode?: number;
	videoUrl?: string;
	/** USD already spent on this item. */
	cost?: number;
}

/** Something at Runpod went wrong; `message` says what happened. The node's errors are made from it in one place. */
export class Failure extends Error {
	override readonly name = 'Failure';

	constructor(
		message: string,
		readonly details: FailureDetails,
	) {
		super(message);
	}

	/** The same failure with more known about it. */
	with(more: Partial<FailureDetails>): Failure {
		return new Failure(this.message, { ...this.details, ...more });
	}
}

/** The user stopped the execution. */
export class Stopped extends Error {
	override readonly name = 'Stopped';

	constructor() {
		super('The execution was stopped');
	}
}
