/** Something outside this project stands in the way; the message is a sentence for the user, no stack needed. */
export class SetupProblem extends Error {
	override name = 'SetupProblem';
}
