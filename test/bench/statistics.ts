/** Figures with their spread, as the bench prints them. */

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle] ?? NaN;
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

export function mean(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** "1.02 (0.98–1.10)": median, least and most. */
export function spread(values: readonly number[], digits = 2): string {
	const [least, most] = [Math.min(...values), Math.max(...values)];
	const middle = median(values).toFixed(digits);
	return values.length < 2
		? middle
		: `${middle} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** Pair by pair, so that a machine whose speed drifts does not matter. */
export function ratios(own: readonly number[], other: readonly number[]): number[] {
	return own.map((value, index) => value / (other[index] ?? NaN));
}
