/** `npm run check:live`: asks the real Runpod what this node relies on; for whoever has a key. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheRoot } from '../n8n/cache';
import { clientOf } from './client';
import { checkDrafts, DRAFTS } from './drafts';
import { FACTS } from './facts';
import { checkFree } from './free';
import { MOST_USD, Purse, Stop, usd } from './purse';
import { Session } from './session';

const BASE_URL = 'https://api.runpod.ai/v2';
const PLANNED_USD = DRAFTS.reduce((sum, { estimate }) => sum + estimate, 0);
const MONEY = `${usd(PLANNED_USD)} by Runpod's price list, never above ${usd(MOST_USD)}`;

const HELP = `Asks the real Runpod what this node relies on. The key comes from RUNPOD_API_KEY.

  npm run check:live                     what can be asked without a cent
  npm run check:live -- --spend          also ${DRAFTS.length} short videos: ${MONEY}
  npm run check:live -- --base-url URL   another address than ${BASE_URL}
  npm run check:live -- --folder PATH    where the record and the videos go
  npm run check:live -- --help           this text`;

export interface Choices {
	apiKey: string | undefined;
	baseUrl?: string | undefined;
	spend?: boolean | undefined;
	folder?: string | undefined;
	say?: (line: string) => void;
}

/** The exit status: 0 when everything was asked. */
export async function checkLive(choices: Choices): Promise<number> {
	const { apiKey = '', spend, say = console.log } = choices;
	const baseUrl = (choices.baseUrl ?? BASE_URL).replace(/\/+$/, '');
	const now = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
	const folder = choices.folder ?? join(cacheRoot(), 'live', now);
	const session = new Session(clientOf(baseUrl, apiKey), new Purse(), apiKey, say);
	try {
		// Anything else would stand in the message of an error.
		if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new Stop('Set RUNPOD_API_KEY to a key of Runpod.');
		if (!/^https:|^http:..(127\.0\.0\.1|localhost)[:/]/.test(baseUrl)) {
			throw new Stop('The key is sent there: the base URL has to begin with https://');
		}
		say('Free of charge:');
		await checkFree(session);
		mkdirSync(folder, { recursive: true });
		if (spend) {
			say(`\n${MONEY}:`);
			await checkDrafts(session, folder);
		}
		report(session, folder);
		return 0;
	} catch (error) {
		if (!(error instanceof Stop)) throw error;
		// After no more than a refusal of the key there is nothing to report.
		if (session.rows.size > 1) report(session, folder);
		say(`\nStopped: ${error.message}`);
		return 1;
	}
}

function report(session: Session, folder: string): void {
	const { rows, purse, say } = session;
	say('\nNothing was learnt about:');
	for (const [at, fact] of FACTS.entries()) {
		if (!rows.has(at + 1)) say(`${String(at + 1).padStart(2)}  ${fact}`);
	}
	say(`\nSpent: ${usd(purse.reported)} by Runpod's own figures, ${usd(purse.atMost)} at most`);
	const file = join(folder, 'record.json');
	writeFileSync(file, `${JSON.stringify(session.records(), null, '\t')}\n`);
	say(`Record, for test/tools/simulator/records: ${file}`);
}

async function main(): Promise<number> {
	const text = { type: 'string' } as const;
	const flag = { type: 'boolean' } as const;
	const { values } = parseArgs({
		options: { 'base-url': text, folder: text, spend: flag, help: { ...flag, short: 'h' } },
	});
	if (values.help) {
		console.log(HELP);
		return 0;
	}
	const { 'base-url': baseUrl, folder, spend } = values;
	const apiKey = process.env.RUNPOD_API_KEY;
	return await checkLive({ apiKey, baseUrl, spend, folder: folder && resolve(folder) });
}

if (require.main === module) {
	main().then(
		(status) => (process.exitCode = status),
		(error: unknown) => {
			console.error(error instanceof Error ? error.message : error);
			process.exitCode = 1;
		},
	);
}
