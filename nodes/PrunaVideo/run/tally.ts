import type { NodeExecutionHint } from 'n8n-workflow';
import { dollars, formatDollars } from '../money';

/** Counts what a run did, for the hint in the output pane. */
export class Tally {
	private videos = 0;
	private submitted = 0;
	private cost = 0;
	private unknownCosts = 0;
	private readonly notes = new Set<string>();

	/** A finished video and its cost in USD, undefined where Runpod did not say. */
	countVideo(cost: number | undefined): void {
		this.videos++;
		this.addCost(cost);
	}

	/** A submitted job and its estimated cost in USD, undefined where it is not known. */
	countSubmission(cost: number | undefined): void {
		this.submitted++;
		this.addCost(cost);
	}

	/** A sentence that the user should read once, however many items it is true of. */
	note(sentence: string): void {
		this.notes.add(sentence);
	}

	private addCost(cost: number | undefined): void {
		if (cost === undefined) this.unknownCosts++;
		else this.cost = dollars(this.cost + cost);
	}

	hints(failed: number): NodeExecutionHint[] {
		const sums = [
			...(this.videos > 0 ? [`${count(this.videos, 'video')} for ${this.sum()}`] : []),
			...(this.submitted > 0
				? [`${count(this.submitted, 'job')} submitted, estimated at ${this.sum()}`]
				: []),
			...(failed > 0 && this.videos + this.submitted > 0 ? [`${failed} failed`] : []),
		];
		return [
			...(sums.length > 0 ? [{ message: sums.join(', '), location: 'outputPane' as const }] : []),
			...[...this.notes].map((message) => ({
				message,
				type: 'warning' as const,
				location: 'outputPane' as const,
			})),
		];
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
