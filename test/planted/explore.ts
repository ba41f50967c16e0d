/** A deliberately incompatible `explore`: it sleeps before anything else. The replay test must refuse it. */
import { sleep } from '@temporalio/workflow';
import { explore as real } from '../../workflows/explore.js';
import type { Carried } from '../../workflows/explore.js';
import type { Json } from '../../domain/json.js';
import type { ExplorationResult } from '../../domain/result.js';

export async function explore(spec: Json, carried?: Carried): Promise<ExplorationResult> {
  await sleep('1 second');
  return real(spec, carried);
}
export { pipeline } from '../../workflows/pipeline.js';
