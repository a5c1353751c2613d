/** The simulator's own pages, for people and for other processes: everything under `/_simulator`. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseFaultRule } from './fault-json';
import { isRecord, parseJson } from './json';
import type { Simulator } from './index';
import { changeOptions } from './option-changes';

interface Page {
	status: number;
	/** Text is sent as HTML, anything else as JSON. */
	body: unknown;
}

const HOLDS = ['start', 'finish', 'both'] as const;

export async function controlAnswer(
	simulator: Simulator,
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	const [path = '/'] = (request.url ?? '/').split('?');
	const chunks: Buffer[] = [];
	for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
	const { status, body } = page(simulator, `${request.method} ${path}`, Buffer.concat(chunks));
	const isHtml = typeof body === 'string';
	response.writeHead(status, {
		'content-type': isHtml ? 'text/html; charset=utf-8' : 'application/json',
	});
	response.end(isHtml ? body : JSON.stringify(body));
}

function page(simulator: Simulator, call: string, bytes: Buffer): Page {
	const body = bytes.length > 0 ? parseJson(bytes) : {};
	try {
		switch (call) {
			case 'GET /':
			case 'GET /_simulator':
			case 'GET /_simulator/':
				return { status: 200, body: home(simulator) };
			case 'GET /_simulator/ledger':
				return { status: 200, body: simulator.ledger };
			case 'GET /_simulator/requests':
				return { status: 200, body: simulator.requests };
			case 'POST /_simulator/faults':
				for (const fault of Array.isArray(body) ? body : [body]) {
					simulator.faults.add(parseFaultRule(fault));
				}
				return { status: 200, body: { ok: true } };
			case 'POST /_simulator/reset':
				simulator.reset();
				return { status: 200, body: { ok: true } };
			case 'POST /_simulator/hold':
				simulator.hold(whatToHold(body));
				return { status: 200, body: { ok: true } };
			case 'POST /_simulator/release':
				simulator.release();
				return { status: 200, body: { ok: true } };
			case 'POST /_simulator/advance':
				simulator.advance(milliseconds(body));
				return { status: 200, body: { ok: true } };
			case 'POST /_simulator/options':
				changeOptions(simulator.options, body);
				return { status: 200, body: simulator.options };
			default:
				return { status: 404, body: { error: `There is no '${call}'` } };
		}
	} catch (error) {
		return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
	}
}

function milliseconds(body: unknown): number {
	if (isRecord(body) && typeof body.ms === 'number' && body.ms >= 0) return body.ms;
	throw new Error("'ms' must be a number of milliseconds");
}

function whatToHold(body: unknown): 'start' | 'finish' | 'both' | undefined {
	const asked = isRecord(body) ? body.what : undefined;
	const what = HOLDS.find((known) => known === asked);
	if (what === undefined && asked !== undefined) {
		throw new Error(`'what' must be one of ${HOLDS.join(', ')}`);
	}
	return what;
}

function home(simulator: Simulator): string {
	const { baseUrl, apiKey, forbiddenKey, noCreditKey, ledger } = simulator;
	const counts = Object.entries(ledger.countByStatus()).map(([status, n]) => `${n} ${status}`);
	return `<!doctype html><meta charset="utf-8"><title>Runpod simulator</title>
<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:3rem auto;padding:0 1rem}td{padding:.1rem 1rem .1rem 0}</style>
<h1>Runpod simulator</h1>
<p>A stand-in for Runpod's API of Pruna Video (<code>p-video</code>). It makes no real videos and costs nothing.</p>
<table>
<tr><td>Base URL<td><code>${escapeHtml(baseUrl)}</code>
<tr><td>API key<td><code>${escapeHtml(apiKey)}</code>
<tr><td>Key without permission (403)<td><code>${forbiddenKey}</code>
<tr><td>Key without credit (402)<td><code>${noCreditKey}</code>
<tr><td>Jobs<td>${counts.join(', ') || 'none yet'}
<tr><td>Billed<td>$${ledger.total.toFixed(2)}
</table>
<p><a href="/_simulator/ledger">Ledger</a> · <a href="/_simulator/requests">Requests</a></p>
`;
}

function escapeHtml(value: string): string {
	return value.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
