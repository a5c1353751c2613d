import { NodeHelpers, type INodePropertyOptions } from 'n8n-workflow';
import { PrunaVideoTrigger } from '../../../nodes/PrunaVideo/PrunaVideoTrigger.node';
import { properties } from '../../../nodes/PrunaVideo/trigger/fields';

test('the form begins with instructions, and the most common event comes first', () => {
	expect(properties.map(({ name }) => name)).toEqual([
		...['webhookNotice', 'verify', 'events', 'skipDuplicates'],
		...['download', 'binaryPropertyName', 'simplify', 'options'],
	]);
	const events = properties.find(({ name }) => name === 'events');
	const options = (events?.options ?? []) as INodePropertyOptions[];
	expect(options.map(({ value, action }) => [value, action])).toEqual([
		['completed', 'When a video is completed'],
		['failed', 'When a video fails'],
		['cancelled', 'When a job is cancelled'],
		['timedOut', 'When a job times out'],
	]);
	expect(events?.default).toEqual(['completed', 'failed', 'cancelled', 'timedOut']);
});

test('the credential is required unless Verify is off', () => {
	const { description } = new PrunaVideoTrigger();
	const [credential] = description.credentials!;
	const isAskedFor = (verify: boolean) =>
		NodeHelpers.displayParameter({ verify }, credential!, null, description);
	expect([isAskedFor(true), isAskedFor(false)]).toEqual([true, false]);
	// Fields that are named here are hidden by n8n up to 2.0.
	expect(credential?.displayOptions?.show).toBeUndefined();
});
