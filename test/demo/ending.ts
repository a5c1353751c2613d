/** Ends what was started, also when the user presses Ctrl+C in the middle. */

/** The user wants to stop; nothing went wrong. */
export class Interrupted extends Error {
	override name = 'Interrupted';
}

export class Ending {
	/** Resolves when the user asks for the end. */
	readonly requested: Promise<void>;
	private readonly ends: Array<() => Promise<unknown>> = [];

	constructor() {
		this.requested = new Promise((resolve) => {
			let askedAt: number | undefined;
			const ask = () => {
				askedAt ??= Date.now();
				resolve();
				// Whoever asks again gets it at once; programs of ours are killed on exit. One Ctrl+C may
				// arrive twice, though: from the terminal, and passed on by the program that runs this one.
				if (Date.now() - askedAt > 1_000) process.exit(130);
			};
			for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
		});
	}

	add(end: () => Promise<unknown>): void {
		this.ends.push(end);
	}

	/** What `work` resolves to; throws Interrupted where the user does not wait for it. */
	async unlessRequested<T>(work: Promise<T>): Promise<T> {
		const interruption = this.requested.then(() => {
			throw new Interrupted();
		});
		return await Promise.race([work, interruption]);
	}

	/** In the opposite order of starting; one that fails does not keep the others alive. */
	async end(): Promise<void> {
		for (const end of this.ends.splice(0).reverse()) await end().catch(() => {});
	}
}
