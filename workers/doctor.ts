import type { Spec } from '../activities/spec/schema.js';
import { diskFindings } from './diskDoctor.js';
import type { Environment } from './env.js';
import { gpuFinding } from './gpuDoctor.js';
import { llmFinding } from './llmDoctor.js';
import { programFindings } from './programDoctor.js';
import { serviceFindings } from './serviceDoctor.js';
import { storeFinding } from './storeDoctor.js';
import { workerFindings } from './workerDoctor.js';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do when it isn't ok. */
  readonly fix: string;
}

export interface Examination {
  /** A spec that is to run: its LLM and its classes of GPU workers are looked at too. */
  readonly spec: Spec | null;
  /** Registers search attributes that the namespace lacks. */
  readonly fix: boolean;
  /** Sends the LLM a prompt for one token of an answer, which costs. */
  readonly askLlm: boolean;
}

/**
 * Looks at everything that an installation needs. Changes nothing but the (possibly new) home folder and one small
 * record of the store; with `fix` the search attributes of the namespace.
 */
export async function examine(
  env: Environment,
  { spec, fix, askLlm }: Examination,
): Promise<readonly Finding[]> {
  const programs = await programFindings(env);
  const libraries = programs.find(({ check }) => check === 'training libraries');
  return [
    ...programs,
    await gpuFinding(env, libraries?.ok === true ? libraries.found : ''),
    ...(await diskFindings(env)),
    await storeFinding(env),
    await llmFinding(env, { llm: spec?.llm, ask: askLlm }),
    ...(await serviceFindings(env, fix)),
    ...(await workerFindings(env, spec)),
  ];
}
