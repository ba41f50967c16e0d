import { poolOf, triedStageIds } from '../../domain/pool.js';
import { judge } from '../../domain/ranking.js';
import { randomOf } from '../../domain/random.js';
import { samplePlan } from '../../domain/samples.js';
import type { Plan } from '../../domain/plan.js';
import { identify } from '../../domain/stage.js';
import { describeAction, stageOfAction } from '../../domain/stageOfAction.js';
import { sampleNewAction } from '../../domain/space.js';
import type { Suggest } from '../../domain/suggestion.js';
import type { Action, ProposedTrial, TrialRecord } from '../../domain/trial.js';
import { openCallLog } from './callLog.js';
import type { LlmClient } from './exchange.js';
import { memoryStore } from './memoryStore.js';
import { ConsultNeeded, type PolicyContext } from './policy.js';
import { PROMPT_VERSION } from './prompts/version.js';

/** Plans and ledgers for tests, made without training: scores are drawn. */
export const spaciousPlan = (changes: Partial<Plan> = {}): Plan =>
  samplePlan({
    actions: samplePlan().actions.map((space) => ({
      ...space,
      parameters: {
        ...space.parameters,
        ...(space.kind === 'sft'
          ? { learningRate: { kind: 'range', low: 1e-5, high: 1e-3, scale: 'log', integer: false } }
          : {}),
      },
    })),
    ...changes,
  });

/** Six actions on the base, and six on each model that comes of them. */
export const tinyPlan = (): Plan => {
  const [sft] = samplePlan().actions;
  const fixed = { kind: 'choices', values: ['full'] } as const;
  return samplePlan({
    actions: sft === undefined ? [] : [{ ...sft, parameters: { ...sft.parameters, tuning: fixed } }],
  });
};

export function baseRow(plan: Plan): TrialRecord {
  return rowFor(plan, { trial: 0, origin: 'base', action: null, stageId: plan.models[0]?.stageId ?? '' });
}

/** The base's row and `trials` more by random actions; every tenth failed. */
export function history(plan: Plan, trials: number): readonly TrialRecord[] {
  const rows = [baseRow(plan)];
  const pool = new Map(poolOf(plan, rows));
  const tried = new Set(triedStageIds(plan, rows, []));
  const random = randomOf('history', plan.seed);
  for (let trial = 1; trial <= trials; trial += 1) {
    const kind = random.pick(plan.actions)?.kind ?? 'sft';
    const space = { plan, pool, tried };
    const action = sampleNewAction(space, kind, random) ?? sampleNewAction(space, 'sft', random);
    if (action === null) break;
    const row = rowFor(plan, { trial, origin: 'policy', action, stageId: '' });
    rows.push(row);
    tried.add(row.stageId);
    for (const [stageId, model] of poolOf(plan, [row])) if (!pool.has(stageId)) pool.set(stageId, model);
  }
  return rows;
}

export function proposalFor(plan: Plan, trial: number, action: Action): ProposedTrial {
  const { stageId } = identify(stageOfAction(plan, action));
  const label = describeAction(plan, action, (id) => id.slice(0, 8));
  return { trial, origin: 'policy', decision: trial - 1, action, stageId, label };
}

/** The row of a trial whose scores are drawn by its number. */
export function rowFor(
  plan: Plan,
  given: Pick<ProposedTrial, 'trial' | 'origin' | 'action' | 'stageId'>,
): TrialRecord {
  const { trial, action } = given;
  const random = randomOf('scores', trial);
  const proposed: ProposedTrial =
    action === null ? { ...given, decision: null, label: 'base' } : proposalFor(plan, trial, action);
  const failed = trial % 10 === 9;
  const entries = plan.benchmarks.map(({ name }) => {
    const score = Math.round(random.real() * 1000) / 1000;
    return [name, { stageId: proposed.stageId, score, standardError: 0.03, items: 64 }] as const;
  });
  const scores = failed ? {} : Object.fromEntries(entries);
  const judged = failed ? { score: null, standardError: null, feasible: false } : judge(plan, scores, scores);
  return {
    schemaVersion: 1,
    ...proposed,
    sequence: trial,
    status: failed ? 'diverged' : 'completed',
    message: '',
    weightsSha256: null,
    scores,
    stages: [],
    metrics: {},
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:10.000Z',
    ...judged,
  };
}

/** A context as `decide` makes it. */
export function contextFor(
  plan: Plan,
  rows: readonly TrialRecord[],
  more: {
    readonly inFlight?: readonly ProposedTrial[];
    readonly client?: LlmClient | null;
    readonly decision?: number;
    readonly steering?: PolicyContext['steering'];
    readonly suggest?: Suggest;
  },
): PolicyContext & { readonly tried: ReadonlySet<string> } {
  const { inFlight = [], client = null, decision = rows.length, suggest = noSampler } = more;
  const log = {
    store: memoryStore(),
    model: 'scripted',
    promptVersion: PROMPT_VERSION,
    heartbeat: () => undefined,
  };
  return {
    plan,
    rows,
    inFlight,
    steering: more.steering ?? [],
    decision,
    previous: null,
    pool: poolOf(plan, rows),
    tried: triedStageIds(plan, rows, inFlight),
    random: (purpose) => randomOf(plan.seed, decision, purpose),
    llm: client === null ? null : openCallLog(plan.explorationId, decision, { ...log, client }),
    suggest,
  };
}

const noSampler: Suggest = (request) => Promise.reject(new ConsultNeeded(request));
