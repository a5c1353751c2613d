import { NodeHelpers, type INodePropertyOptions } from 'n8n-workflow';
import { PrunaVideoTrigger } from '../../../nodes/PrunaVideo/PrunaVideoTrigger.node';

const { description } = new PrunaVideoTrigger();

test('the form begins with the Production URL, then come the events, the most common one first', () => {
	expect(description.properties.map(({ name }) => name)).toEqual([
		...['webhookNotice', 'events', 'verify', 'skipDuplicates', 'download', 'simplify', 'options'],
	]);
	expect(description.properties[0]?.displayName).toContain('<b>Production URL</b>');
	const events = description.properties.find(({ name }) => name === 'events');
	const options = (events?.options ?? []) as INodePropertyOptions[];
	expect(options.map(({ action }) => action)).toEqual([
		...['When a video is completed', 'When a video fails', 'When a job is cancelled'],
		'When a job times out',
	]);
	expect(events?.default).toEqual(['completed', 'failed', 'cancelled', 'timedOut']);
});

test('the credential is required unless Verify is off', () => {
	const [credential] = description.credentials!;
	const isAskedFor = (verify: boolean) =>
		NodeHelpers.displayParameter({ verify }, credential!, null, description);
	expect([isAskedFor(true), isAskedFor(false)]).toEqual([true, false]);
	// Fields that are named here are hidden by n8n up to 2.0.
	expect(credential?.displayOptions?.show).toBeUndefined();
});
