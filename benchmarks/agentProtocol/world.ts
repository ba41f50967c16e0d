import type { LlmLimits } from '../../activities/decide/exchange.js';
import { HOSTED_LIMITS } from '../../activities/decide/llm.js';
import { EMBEDDED_LIMITS } from '../../activities/decide/openLlm.js';
import { baseRow, rowFor, spaciousPlan } from '../../activities/decide/testWorld.js';
import { keys } from '../../activities/store/keys.js';
import type { Store } from '../../activities/store/store.js';
import type { LlmSettings, Plan } from '../../domain/plan.js';
import type { ProposedTrial } from '../../domain/trial.js';

/**
 * The made-up exploration that the protocol is tried on. Its outcomes are drawn by the trial's number, every tenth
 * trial fails, nothing is trained: it says whether the protocol holds, and nothing of the quality of the choices.
 */
export function protocolPlan(given: {
  readonly llm: LlmSettings;
  readonly decisions: number;
  readonly seed: string;
}): Plan {
  const { llm, decisions, seed } = given;
  const budget = { trials: decisions, gpuSeconds: null, wallClockSeconds: null };
  const agent = { explore: 0.1, costs: 'sequences' } as const;
  return spaciousPlan({ explorationId: 'protocol-00000000', policy: 'agent', llm, agent, budget, seed });
}

export async function beginWorld(store: Store, plan: Plan): Promise<void> {
  await store.putIfAbsent(keys.plan(plan.explorationId), JSON.stringify(plan));
  await store.putIfAbsent(keys.row(plan.explorationId, 0), JSON.stringify(baseRow(plan)));
}

/** Books the made-up outcome of a trial. */
export async function book(store: Store, plan: Plan, proposed: ProposedTrial): Promise<void> {
  const row = rowFor(plan, proposed);
  await store.putIfAbsent(keys.row(plan.explorationId, row.sequence), JSON.stringify(row));
}

export const LIMITS = { embedded: EMBEDDED_LIMITS, hosted: HOSTED_LIMITS } as const satisfies Record<
  string,
  LlmLimits
>;
export type LimitsName = keyof typeof LIMITS;
