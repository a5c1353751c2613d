/** What people see of the simulator in a browser: a home page, and its ledger and requests as JSON. */

import { json, refusal, text, type Answer } from './answer';
import type { Simulator } from './index';

export function pageOf(simulator: Simulator, path: string): Answer {
	if (path === '/') return text(200, 'text/html; charset=utf-8', home(simulator));
	if (path === '/ledger') return json(200, simulator.ledger);
	if (path === '/requests') return json(200, simulator.requests);
	return refusal(simulator.options, 404, 'Not found');
}

function home({ baseUrl, apiKey, forbiddenKey, noCreditKey, ledger }: Simulator): string {
	const counts = Object.entries(ledger.countByStatus()).map(([status, n]) => `${n} ${status}`);
	const rows = {
		'Base URL': baseUrl,
		'API key': apiKey.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`),
		'Key without permission': forbiddenKey,
		'Key without credit': noCreditKey,
		Jobs: counts.join(', ') || 'none yet',
		Billed: `$${ledger.total.toFixed(2)}`,
	};
	return `<!doctype html><meta charset="utf-8"><title>Runpod simulator</title>
<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:3rem auto;padding:0 1rem}td{padding:.1rem 1rem .1rem 0}</style>
<h1>Runpod simulator</h1>
<p>A stand-in for Runpod's API of Pruna Video (<code>p-video</code>). It makes no real videos and costs nothing.</p>
<table>${Object.entries(rows)
		.map(([name, value]) => `<tr><td>${name}<td><code>${value}</code>`)
		.join('\n')}</table>
<p><a href="/ledger">Ledger</a> · <a href="/requests">Requests</a></p>
`;
}
