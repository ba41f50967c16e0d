/** Everything the workflow bundle exports; the names are the workflow types. */
export { explore } from './explore.js';
export { pipeline } from './pipeline.js';
export { scale } from './scale.js';
