/**
 * Labels of the fields that messages refer to. The fields take their labels from here, some with a unit added, and so
 * do messages in folders that do not know the form. Rename a label here.
 */
export const LABELS = {
	baseUrl: 'Base URL',
	draft: 'Draft Mode',
	download: 'Download Video',
	maxCostPerItem: 'Max Cost per Item',
	maxCostPerExecution: 'Max Cost per Execution',
	concurrency: 'Items in Parallel',
	executionMode: 'Execution Mode',
	timeout: 'Timeout',
	cancelOnStop: 'Cancel on Stop',
	cancelOnTimeout: 'Cancel on Timeout',
	resubmitUncertain: 'Resubmit Uncertain Jobs',
	sendFilesAs: 'Send Files As',
	endpointId: 'Endpoint ID',
	policy: 'Policy',
	additionalInput: 'Additional Input',
} as const;
