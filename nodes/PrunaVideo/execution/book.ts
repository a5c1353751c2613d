import type { JsonObject } from '../json';
import type { Endpoint } from '../runpod/endpoint';
import { CancelQueue } from './cancelling';
import type { Entry } from './entry';
import type { Kept, Superseded, TryEnd } from './kept';
import { Page, type PageNeeds } from './page';

/** What the book asks of its execution. */
export interface BookNeeds extends Omit<PageNeeds, 'queue'> {
	/** What an earlier try has kept. */
	kept: Kept;
}

/**
 * What is known of the jobs of one execution, with a page for each item. Only the book changes what is kept for the
 * next try, the budget and the jobs to cancel, so that these three cannot disagree.
 */
export class Book {
	private readonly pages = new Map<number, Page>();
	/** Pages for requests that items made in earlier tries and no longer make. */
	private readonly putAside: Page[] = [];
	private readonly kept: Kept;
	private readonly needs: PageNeeds;

	constructor(given: BookNeeds) {
		const needs = { ...given, queue: new CancelQueue() };
		this.needs = needs;
		this.kept = given.kept;
		for (const [index, entry] of this.kept.entries) {
			this.pages.set(index, new Page(index, needs, entry));
		}
		for (const { itemIndex, entry } of this.kept.superseded) {
			this.putAside.push(new Page(itemIndex, needs, entry));
		}
		needs.stop?.addEventListener('abort', this.cancelAll);
	}

	/** The item's page. */
	page(itemIndex: number): Page {
		const page = this.pages.get(itemIndex) ?? new Page(itemIndex, this.needs);
		this.pages.set(itemIndex, page);
		return page;
	}

	/** What is known, by item index. */
	get entries(): ReadonlyMap<number, Entry> {
		return new Map(
			[...this.pages].flatMap(([index, { entry }]) =>
				entry === undefined ? [] : [[index, entry]],
			),
		);
	}

	/** Requests that items made in earlier tries and no longer make. */
	get superseded(): readonly Superseded[] {
		return this.putAside.flatMap(({ itemIndex, entry }) =>
			entry === undefined || entry.state === 'refused' ? [] : [{ itemIndex, entry }],
		);
	}

	/** Connects the jobs of earlier tries to their endpoints, so that they can be followed and cancelled. */
	async adopt(endpointOf: (endpointId: string) => Promise<Endpoint>): Promise<void> {
		for (const page of this.runningPages()) {
			if (page.entry?.state === 'running') {
				page.endpoint = await endpointOf(page.entry.job.endpointId);
			}
		}
		if (this.needs.stop?.aborted) this.cancelAll();
	}

	/**
	 * Puts aside the request that an item made in an earlier try, if it makes a different one now (for example
	 * through `$now`). Its job is cancelled if possible, which returns its estimate to the budget, and is named in
	 * any case.
	 */
	async supersede(itemIndex: number, fingerprint: string): Promise<void> {
		const page = this.pages.get(itemIndex);
		if (page?.entry !== undefined && page.entry.fingerprint !== fingerprint)
			await this.putPageAside(page);
	}

	/** The same for items that no longer exist: a saved execution may be retried with fewer items. */
	async supersedeFrom(itemCount: number): Promise<void> {
		for (const page of [...this.pages.values()]) {
			if (page.itemIndex >= itemCount) await this.putPageAside(page);
		}
	}

	/** Puts aside the item's job, because another one is to take its place. It is named in any case. */
	replace(itemIndex: number): void {
		const page = this.pages.get(itemIndex);
		if (page === undefined) return;
		this.pages.delete(itemIndex);
		this.putAside.push(page);
	}

	/** Waits for pending cancels and keeps what a further try can use. Never throws because of what Runpod sent. */
	async close(end: TryEnd, clean: (stored: JsonObject) => JsonObject): Promise<void> {
		await this.needs.queue.idle();
		this.needs.stop?.removeEventListener('abort', this.cancelAll);
		this.kept.leave(end, this.entries, this.superseded, clean);
	}

	private async putPageAside(page: Page): Promise<void> {
		this.replace(page.itemIndex);
		await page.cancel();
	}

	private allPages(): Page[] {
		return [...this.pages.values(), ...this.putAside];
	}

	private runningPages(): Page[] {
		return this.allPages().filter(({ entry }) => entry?.state === 'running');
	}

	private readonly cancelAll = () => {
		if (!this.needs.cancelsOnStop) return;
		for (const page of this.runningPages()) void page.cancel();
	};
}
