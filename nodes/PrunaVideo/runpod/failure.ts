export interface FailureDetails {
	/** What the user can do about it. */
	description: string;
	/**
	 * Whether Runpod may have accepted a job whose id is unknown: then Retry On Fail must not submit again, which could
	 * be paid twice.
	 */
	isUncertain?: boolean;
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
