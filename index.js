'use strict';

// For whoever requires the package; n8n itself reads the paths under "n8n" in package.json.
const { RunpodApi } = require('./dist/credentials/RunpodApi.credentials.js');
const { PrunaVideo } = require('./dist/nodes/PrunaVideo/PrunaVideo.node.js');
const { PrunaVideoTrigger } = require('./dist/nodes/PrunaVideo/PrunaVideoTrigger.node.js');

module.exports = { PrunaVideo, PrunaVideoTrigger, RunpodApi };
