import type { NodeExecutionHint } from 'n8n-workflow';
import { dollars, formatDollars } from '../money';

type Counted = 'video' | 'job' | 'estimate';

export class Tally {
	private readonly counts = { video: 0, job: 0, estimate: 0 };
	private cost = 0;
	private unknownCosts = 0;
	/** Of videos whose cost and estimate are both known, in USD. */
	private aboveEstimate = 0;
	private differing = 0;
	/** How many items of those that could have an image or audio have none, by the field's label. */
	private readonly media = new Map<string, { with: number; without: number }>();
	private readonly notes = new Map<string, 'info' | 'warning'>();

	/**
	 * Counts a video, a submitted job or an estimate. @param cost USD; null where it is not known
	 * @param estimate what it was estimated at in this try, where that can differ
	 */
	count(what: Counted, cost: number | null, estimate: number | null = null): void {
		this.counts[what]++;
		if (cost === null) this.unknownCosts++;
		else this.cost = dollars(this.cost + cost);
		if (cost === null || estimate === null || dollars(cost) === dollars(estimate)) return;
		this.differing++;
		this.aboveEstimate = dollars(this.aboveEstimate + cost - estimate);
	}

	/** Whether an item has an image or audio: where only some have one, a hint says so. */
	noteMedia(label: string, isGiven: boolean): void {
		const counted = this.media.get(label) ?? { with: 0, without: 0 };
		counted[isGiven ? 'with' : 'without']++;
		this.media.set(label, counted);
	}

	note(sentence: string, type: 'info' | 'warning' = 'warning'): void {
		this.notes.set(sentence, type);
	}

	hints(failed: number): NodeExecutionHint[] {
		const { video, job, estimate } = this.counts;
		const known = formatDollars(this.cost);
		const sum =
			this.unknownCosts === 0 ? known : `${known} and ${count(this.unknownCosts, 'unknown cost')}`;
		const sums = [
			video > 0 && `${count(video, 'video')} for ${sum}`,
			job > 0 && `${count(job, 'job')} submitted, estimated at ${sum}`,
			estimate > 0 && `${count(estimate, 'video')} estimated at ${sum}; nothing was submitted`,
			failed > 0 && video + job > 0 && `${failed} failed`,
		].filter((part) => part !== false);
		const location = 'outputPane';
		return [
			...(sums.length > 0 ? [{ message: sums.join(', '), location } as const] : []),
			...this.warnings().map((message) => ({ message, type: 'warning', location }) as const),
			...[...this.notes].map(([message, type]) => ({ message, type, location }) as const),
		];
	}

	private warnings(): string[] {
		const { differing, aboveEstimate } = this;
		const difference = formatDollars(Math.abs(aboveEstimate));
		const mixed = [...this.media].filter(([, items]) => items.with > 0 && items.without > 0);
		return [
			differing > 0 &&
				`Runpod billed ${difference} ${aboveEstimate < 0 ? 'less' : 'more'} than estimated (${count(differing, 'video')}). Check the current prices on Runpod's page about the model.`,
			...mixed.map(([label, items]) => `'${label}' was empty for ${count(items.without, 'item')}.`),
		].filter((warning) => warning !== false);
	}
}

function count(number: number, noun: string): string {
	return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
