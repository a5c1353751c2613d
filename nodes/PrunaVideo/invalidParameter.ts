/** A field's value that cannot be used. `message` names the field by its label, `description` says what to do. */
export class InvalidParameter extends Error {
	override readonly name = 'InvalidParameter';

	constructor(
		message: string,
		readonly description: string,
	) {
		super(message);
	}
}
