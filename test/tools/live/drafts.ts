/** What only a video tells: the smallest ones, one after another, the cheapest first. */

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { download, reasonOf, type Exchange } from './client';
import { PICTURE, SILENCE } from './files';
import { readOutput, type Found } from './output';
import { Stop, usd } from './purse';
import { fieldsOf, isFinal, type Job, type Session } from './session';

/** What came of it: the last document, or the refusal. */
interface Outcome extends Found {
	exchange: Exchange;
	fields: string;
	status: unknown;
	job?: Job;
}

interface Draft {
	about: string;
	/** USD at most, by Runpod's page: 2 cents a second in 720p, 4 in 1080p; a draft a quarter of that. */
	estimate: number;
	input: object;
	path?: string;
	meanwhile?: (session: Session, job: Job) => Promise<void>;
	judge?: (session: Session, outcome: Outcome) => void;
}

const SCENE = { prompt: 'A red ball rolls over a white table', duration: 1, seed: 2026 };
const DRAFT = { ...SCENE, draft: true };
const AS_IT_IS = { prompt_upsampling: false };
const SOUND = { prompt: SCENE.prompt, draft: true, audio: SILENCE };
/** So short a wait that the answer comes before the video. */
const SHORT = '/runsync?wait=1000';
const FILE = { ...DRAFT, image: PICTURE };

export const DRAFTS: readonly Draft[] = [
	{ about: 'draft', estimate: 0.005, input: DRAFT, meanwhile: watch, judge: judgeFirst },
	{ about: 'draft again', estimate: 0.005, input: DRAFT },
	{ about: 'draft, not upsampled', estimate: 0.005, input: { ...DRAFT, ...AS_IT_IS } },
	{ about: 'file', estimate: 0.005, input: FILE, path: SHORT, judge: judgeFile },
	{ about: 'size', estimate: 0.01, input: { ...DRAFT, size: '1080p' }, judge: judgeSize },
	{ about: 'cancel', estimate: 0.005, input: DRAFT, meanwhile: cancel, judge: judgeCancel },
	{ about: 'final', estimate: 0.02, input: SCENE },
	{ about: 'final, not upsampled', estimate: 0.02, input: { ...SCENE, ...AS_IT_IS } },
	{ about: 'sound', estimate: 0.0526, input: SOUND, judge: judgeSound },
];

/** Throws Stop where going on would be wrong. */
export async function checkDrafts(session: Session, folder: string): Promise<void> {
	const hashes: Array<string | undefined> = [];
	for (const draft of DRAFTS) {
		const outcome = await make(session, draft);
		draft.judge?.(session, outcome);
		hashes.push(await save(session, draft.about, outcome.address, folder));
	}
	const same = hashes[0] === hashes[1] ? 'the same bytes' : 'other bytes, perhaps the same take';
	session.found(20, 'the same draft twice', 'open', same);
	session.found(20, 'draft and final', 'open', `compare the videos in ${folder}`);
}

async function make(session: Session, draft: Draft): Promise<Outcome> {
	const { about, estimate, input, path = '/run', meanwhile } = draft;
	const question = { requestBody: { input } };
	const { submission, job } = await session.submit(
		{ about, exchanges: [] },
		path,
		question,
		estimate,
	);
	if (job) await meanwhile?.(session, job);
	const exchange = job ? await session.finish(job) : submission;
	const { output, ...fields } = fieldsOf(exchange);
	const found = readOutput(output);
	const names = Object.keys(fieldsOf(exchange)).sort().join(', ');
	const outcome = { ...found, exchange, fields: names, status: fields.status, ...(job && { job }) };
	if (!job) {
		session.found(8, `'${about}' is refused`, 'open', session.seen(submission));
		// What is wrong with the plainest, or with the account, is wrong with all.
		const isHopeless = draft === DRAFTS[0] || submission.status !== 400;
		if (isHopeless) throw new Stop('Runpod accepts no job of this key.');
	} else if (found.cost !== undefined) {
		const saw = `${usd(found.cost)}, at most ${usd(estimate)} expected`;
		session.found(1, `cost of '${about}'`, found.cost > estimate ? 'NEW' : 'documented', saw);
	}
	if (fields.status === 'FAILED') session.found(11, 'an error', 'open', session.seen(exchange));
	return outcome;
}

/** Returns the file's sha256; nothing where there is none. */
async function save(session: Session, about: string, address: string | undefined, folder: string) {
	if (address === undefined) return undefined;
	const name = `${about.replace(/\W+/g, '-')}.mp4`;
	try {
		const bytes = await download(address);
		writeFileSync(join(folder, name), bytes);
		const sha256 = createHash('sha256').update(bytes).digest('hex');
		session.say(`    ${name}: ${bytes.length} bytes, sha256 ${sha256}`);
		return sha256;
	} catch (error) {
		session.say(`    ${name} cannot be downloaded: ${reasonOf(error)}`);
		return undefined;
	}
}

/** How long a fresh job is unknown; then whether the long look works. */
async function watch(session: Session, job: Job): Promise<void> {
	await session.look(job, ({ status }) => status === 200);
	const { unknownMs = 0 } = job;
	const isUnknown = unknownMs > 0;
	const fresh = isUnknown ? `unknown for ${unknownMs} ms` : 'known at once';
	session.found(5, 'a fresh job', isUnknown ? 'as seen' : 'documented', fresh);

	const longLook = ['status-sync', '?wait=90000'];
	const answer = await session.ask(job.scenario, 'GET', `/${longLook.join(`/${job.id}`)}`);
	const works = answer.status === 200;
	if (works) session.looksBy = longLook;
	const saw = `${answer.status} ${String(fieldsOf(answer).status)} after ${answer.ms} ms`;
	session.found(17, 'the long look', works ? 'documented' : 'NEW', saw);
}

async function cancel(session: Session, job: Job): Promise<void> {
	const answer = await session.ask(job.scenario, 'POST', `/cancel/${job.id}`);
	const isCancelled = fieldsOf(answer).status === 'CANCELLED';
	session.found(18, 'cancel', isCancelled ? 'documented' : 'NEW', session.seen(answer));
}

function judgeFirst(session: Session, { path, costAs, fields, job }: Outcome): void {
	const where = `output${path && `.${path}`}`;
	const isSeen = /^(|result|url|0|0\.\w+|video\.url)$/.test(path ?? '-');
	const shape = path === 'video_url' ? 'documented' : isSeen ? 'as seen' : 'NEW';
	if (path === undefined) session.found(9, 'address', 'as seen', 'there is none');
	else session.found(1, 'address', shape, where);
	session.found(1, 'cost', costAs === 'number' ? 'documented' : 'as seen', costAs);
	session.found(16, 'fields', fields.includes('input') ? 'as seen' : 'documented', fields);
	const ending = /-[a-z]\d$/.exec(job?.id ?? '')?.[0];
	session.found(18, "end of a job's id", ending ? 'as seen' : 'NEW', String(ending));
}

function judgeFile(session: Session, { exchange, job }: Outcome): void {
	session.found(3, 'a file as data URI', 'as seen', session.seen(exchange));
	if (!job) return;
	const { submission } = job;
	const early = `${session.seen(submission)} after ${submission.ms} ms`;
	session.found(6, SHORT, 'documented', isFinal(submission) ? 'done in time' : early);
}

function judgeSize(session: Session, { cost, exchange, job }: Outcome): void {
	const isIgnored = cost === 0.005;
	const saw = isIgnored ? 'ignored' : cost === 0.01 ? 'obeyed' : session.seen(exchange);
	const isSeen = cost === 0.01 || !job;
	const verdict = isSeen ? 'as seen' : isIgnored ? 'documented' : 'NEW';
	session.found(4, '`size` in place of `resolution`', verdict, saw);
}

function judgeCancel(session: Session, { status, fields }: Outcome): void {
	const verdict = fields.includes('Time') ? 'documented' : 'as seen';
	session.found(18, 'cancelled', status === 'CANCELLED' ? verdict : 'NEW', fields);
}

function judgeSound(session: Session, { cost, exchange }: Outcome): void {
	const saw = cost === undefined ? session.seen(exchange) : usd(cost);
	session.found(19, '10.5 s of sound', (cost ?? 0) > 0.05 ? 'as seen' : 'documented', saw);
}
