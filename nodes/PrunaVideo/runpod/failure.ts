/** What is known of a job: the same facts in a failure, an error's context, an error item and the summary. */
export interface KnownJob {
	id?: string;
	status?: string;
	videoUrl?: string;
	/** USD that Runpod says it cost. */
	cost?: number;
	/** HTTP status of the answer that led to this. */
	httpCode?: number;
}

export interface FailureDetails {
	description: string;
	/** Whether Runpod may have accepted a job whose ID is unknown: submitting again could be billed twice. */
	isUncertain?: boolean;
	job?: KnownJob;
}

/** Something went wrong with Runpod; `message` says what happened. The node's errors are made from it in one place. */
export class Failure extends Error {
	override readonly name: string = 'Failure';
	readonly description: string;
	readonly isUncertain: boolean;
	readonly job: KnownJob;

	constructor(message: string, { description, isUncertain = false, job = {} }: FailureDetails) {
		super(message);
		this.description = description;
		this.isUncertain = isUncertain;
		this.job = job;
	}
}

export class StillRunning extends Failure {}

export class Stopped extends Error {
	override readonly name = 'Stopped';

	/** @param wasSending whether a request was open, so that Runpod may have received it */
	constructor(readonly wasSending = false) {
		super('The execution was stopped');
	}
}
