import type { Policy, PolicyContext } from '../../activities/decide/policy.js';
import { openCallLog, type CallLog } from '../../activities/decide/callLog.js';
import type { LlmClient } from '../../activities/decide/exchange.js';
import { memoryStore } from '../../activities/decide/memoryStore.js';
import { EMBEDDED_LLM } from '../../activities/decide/openLlm.js';
import { PROMPT_VERSION } from '../../activities/decide/prompts/version.js';
import { mayAskLlm } from '../../domain/llmTurns.js';
import type { Proposal } from '../../domain/decision.js';
import { beginExploration, rowOf, withRow, withStarted, type Exploration } from '../../domain/exploration.js';
import { poolOf, triedStageIds } from '../../domain/pool.js';
import { judge } from '../../domain/ranking.js';
import { randomOf } from '../../domain/random.js';
import { identify } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { Suggest } from '../../domain/suggestion.js';
import type { Action, ProposedTrial, TrialRecord } from '../../domain/trial.js';
import { resultOf, scoresOn } from '../landscape/outcome.js';
import type { LandscapeRow } from '../landscape/table.js';
import type { LandscapeWorld } from '../landscape/world.js';

/** True outcomes: from the table, or made now. */
export type Outcome = (
  stageId: string,
  action: Action | null,
  rows: readonly TrialRecord[],
) => Promise<LandscapeRow>;

export interface RunOptions {
  readonly world: LandscapeWorld;
  readonly policy: Policy;
  readonly seed: number;
  readonly suggest: Suggest;
  /** Asked by the policies that may; null: there is none. */
  readonly llm: LlmClient | null;
  readonly outcome: Outcome;
  /** The run ends before the trial that would begin with this much spent, or after this many trials. */
  readonly gpuSeconds: number;
  readonly trials: number;
}

/** After each trial: what was spent, and the best feasible model by the search split, there and on the held-out items. */
export interface Point {
  readonly gpuSeconds: number;
  readonly search: number;
  readonly heldOut: number;
}
export interface Run {
  readonly points: readonly Point[];
  /** Proposals of a pipeline that had been tried before. */
  readonly repeats: number;
  readonly proposals: number;
  /** Decisions that asked the LLM, and those of them where a seeded choice stood in for an unusable answer. */
  readonly llmTurns: number;
  readonly fallbacks: number;
}

/** One search by one policy: the product's own domain code, without Temporal. Every arm begins with the baselines. */
export async function runPolicy(options: RunOptions): Promise<Run> {
  const { world, policy, gpuSeconds, trials } = options;
  let state: Exploration = beginExploration(world.plan, world.baselines, new Date(0).toISOString());
  let previous: PolicyContext['previous'] = null;
  const rows: TrialRecord[] = [];
  const proposals: Proposal[] = [];
  const best = incumbent(options);
  let repeats = 0;
  const carryOut = async (proposed: ProposedTrial): Promise<void> => {
    const found = await options.outcome(proposed.stageId, proposed.action, rows);
    state = withStarted(state, { proposed, workflowId: '', restarts: 0 });
    const row = rowOf(state, resultOf(world.plan, proposed, found));
    if (row === null) throw new Error(`trial ${String(proposed.trial)}: expected its row, got none`);
    state = withRow(state, row);
    rows.push(row);
    best.add(row, found, state.spend.gpuSeconds);
  };
  for (const baseline of world.baselines) await carryOut(baseline);
  while (state.spend.gpuSeconds < gpuSeconds && proposals.length < trials) {
    const decision = proposals.length;
    const context = contextOf(options, { rows, decision, previous });
    const proposal = await policy.propose(context);
    if (proposal === null) break;
    const { stageId } = identify(stageOfAction(world.plan, proposal.action));
    repeats += context.tried.has(stageId) ? 1 : 0;
    if (mayAskLlm(policy.name, decision)) previous = { ...proposal, ledgerRows: rows.length };
    const { action } = proposal;
    await carryOut({ trial: rows.length, origin: 'policy', decision, action, stageId, label: action.kind });
    proposals.push(proposal);
  }
  const asking = proposals.filter(({ calls }) => calls.length > 0);
  return {
    ...{ points: best.points, repeats, proposals: proposals.length, llmTurns: asking.length },
    fallbacks: asking.filter(({ fallback }) => fallback).length,
  };
}

/** As `decide` makes it. The run's own seed drives the policy; the plan's stays, since it is part of every stage. */
function contextOf(
  { world: { plan }, policy, seed, suggest, llm }: RunOptions,
  now: Pick<PolicyContext, 'rows' | 'decision' | 'previous'>,
): PolicyContext {
  const { rows, decision } = now;
  return {
    ...{ plan, ...now, inFlight: [], steering: [] },
    pool: poolOf(plan, rows),
    tried: triedStageIds(plan, rows, []),
    random: (purpose) => randomOf('policies', seed, decision, purpose),
    llm: llm !== null && mayAskLlm(policy.name, decision) ? callLogOf(llm, decision) : null,
    suggest: (request) => suggest({ ...request, seed: `${String(seed)} ${request.seed}` }),
  };
}

function callLogOf(client: LlmClient, decision: number): CallLog {
  return openCallLog('policies', decision, {
    ...{ store: memoryStore(), client, model: EMBEDDED_LLM.model, promptVersion: PROMPT_VERSION },
    heartbeat: () => undefined,
  });
}

/** The best feasible model so far, chosen by the search split alone. */
function incumbent({ world: { plan } }: RunOptions) {
  const points: Point[] = [];
  let now = { search: 0, heldOut: 0 };
  return {
    points: points as readonly Point[],
    add: (row: TrialRecord, found: LandscapeRow, gpuSeconds: number): void => {
      const isBest = row.score !== null && row.feasible && (points.length === 0 || row.score > now.search);
      if (isBest) {
        const onTest = scoresOn(plan, found, 'test');
        now = { search: row.score ?? 0, heldOut: judge(plan, onTest, onTest).score ?? 0 };
      }
      points.push({ gpuSeconds, ...now });
    },
  };
}
