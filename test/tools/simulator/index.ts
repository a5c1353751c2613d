/**
 * A stand-in for Runpod's API of `p-video`, on a real socket of this machine. It keeps the documented
 * semantics, or those that were seen; see README.md. It shares no code with the node that it tests.
 */

import { optionsOf, type SimulatorOptions } from './options';
import { Simulator } from './simulator';

export type { Fault, FaultRule, JobFault } from './faults';
export type { JobRecord, Ledger } from './ledger';
export type { SimulatorOptions } from './options';
export type { ApiOperation, Operation, RequestRecord } from './requests';
export type { Simulator } from './simulator';

export interface StartOptions extends Partial<SimulatorOptions> {
	/** 0 (default): any free one. */
	port?: number;
	/** `documented` or `seen`; default: PRUNA_SIMULATOR_PROFILE, else documented. Anything else rejects. */
	profile?: string | undefined;
}

/** Rejects where the port cannot be had. */
export async function startSimulator({
	port = 0,
	profile,
	...chosen
}: StartOptions = {}): Promise<Simulator> {
	const simulator = new Simulator(Object.assign(optionsOf(profile), chosen));
	await simulator.listen(port);
	return simulator;
}
