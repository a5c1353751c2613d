import type { NodeExecutionHint } from 'n8n-workflow';
import { LABELS } from '../labels';
import { dollars, formatDollars } from '../money';

/** A shorter wait for Runpod, in ms, is not mentioned. */
const SHORTEST_TOLD_WAIT_MS = 5_000;

type NoteType = 'info' | 'warning';

/** Counts what an execution did, for the hint in the output pane. */
export class Tally {
	private videos = 0;
	private submitted = 0;
	private estimates = 0;
	private cost = 0;
	private unknownCosts = 0;
	/** Of videos whose cost and estimate are both known, in USD. */
	private aboveEstimate = 0;
	private differing = 0;
	private longestWaitMs = 0;
	private waits = 0;
	/** Sentences, and how n8n shows each. */
	private readonly notes = new Map<string, NoteType>();

	/** A finished video, its cost in USD (undefined where Runpod did not say) and its estimate (null: not known). */
	countVideo(cost: number | undefined, estimate: number | null = null): void {
		this.videos++;
		this.addCost(cost);
		if (cost === undefined || estimate === null || dollars(cost) === dollars(estimate)) return;
		this.differing++;
		this.aboveEstimate = dollars(this.aboveEstimate + cost - estimate);
	}

	/** A submitted job and its estimated cost in USD, null where it is not known. */
	countSubmission(cost: number | null): void {
		this.submitted++;
		this.addCost(cost ?? undefined);
	}

	/** An estimate in USD, null where it is not known. */
	countEstimate(cost: number | null): void {
		this.estimates++;
		this.addCost(cost ?? undefined);
	}

	/** How long, in ms, a submission was refused until Runpod accepted it or its time was over. */
	noteWait(ms: number): void {
		if (ms < SHORTEST_TOLD_WAIT_MS) return;
		this.waits++;
		this.longestWaitMs = Math.max(this.longestWaitMs, ms);
	}

	/** A sentence that is shown once, however many items it applies to. */
	note(sentence: string, type: NoteType = 'warning'): void {
		this.notes.set(sentence, type);
	}

	hints(failed: number): NodeExecutionHint[] {
		const sums = [
			...(this.videos > 0 ? [`${count(this.videos, 'video')} for ${this.sum()}`] : []),
			...(this.submitted > 0
				? [`${count(this.submitted, 'job')} submitted, estimated at ${this.sum()}`]
				: []),
			...(this.estimates > 0
				? [`${count(this.estimates, 'video')} estimated at ${this.sum()}; nothing was submitted`]
				: []),
			...(failed > 0 && this.videos + this.submitted > 0 ? [`${failed} failed`] : []),
		];
		return [
			...(sums.length > 0 ? [{ message: sums.join(', '), location: 'outputPane' as const }] : []),
			...[...this.warnings().map((message) => [message, 'warning'] as const), ...this.notes].map(
				([message, type]) => ({ message, type, location: 'outputPane' as const }),
			),
		];
	}

	private warnings(): string[] {
		const { differing, aboveEstimate, waits, longestWaitMs } = this;
		const difference = formatDollars(Math.abs(aboveEstimate));
		return [
			...(differing > 0
				? [
						`Runpod billed ${difference} ${aboveEstimate < 0 ? 'less' : 'more'} than estimated (${count(differing, 'video')}). Check the current prices on Runpod's page about the model.`,
					]
				: []),
			...(waits > 0
				? [
						`${count(waits, 'item')} waited up to ${Math.round(longestWaitMs / 1000)} s for Runpod to accept the request. A lower '${LABELS.concurrency}' may help.`,
					]
				: []),
		];
	}

	private addCost(cost: number | undefined): void {
		if (cost === undefined) this.unknownCosts++;
		else this.cost = dollars(this.cost + cost);
	}

	private sum(): string {
		const known = formatDollars(this.cost);
		return this.unknownCosts === 0
			? known
			: `${known} and ${count(this.unknownCosts, 'unknown cost')}`;
	}
}

function count(number: number, noun: string): string {
	return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
