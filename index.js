'use strict';

// For whoever requires the package; n8n itself reads the paths under "n8n" in package.json.
const { PrunaVideoRunpodApi } = require('./dist/credentials/PrunaVideoRunpodApi.credentials.js');
const { PrunaVideo } = require('./dist/nodes/PrunaVideo/PrunaVideo.node.js');
const { PrunaVideoTrigger } = require('./dist/nodes/PrunaVideo/PrunaVideoTrigger.node.js');

module.exports = { PrunaVideo, PrunaVideoTrigger, PrunaVideoRunpodApi };
