/** USD rounded to a millionth, so that sums of cents stay sums of cents. */
export function dollars(amount: number): number {
	return Math.round(amount * 1e6) / 1e6;
}

/** "$0.30", "$0.025": at least two decimals, more only if needed. */
export function formatDollars(amount: number): string {
	const cents = amount.toFixed(2);
	return `$${Number(cents) === dollars(amount) ? cents : String(dollars(amount))}`;
}
