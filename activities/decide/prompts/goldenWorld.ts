import type { Plan } from '../../../domain/plan.js';
import { poolOf, triedStageIds } from '../../../domain/pool.js';
import { randomOf } from '../../../domain/random.js';
import { judge } from '../../../domain/ranking.js';
import { sha256Hex, stageIdOf } from '../../../domain/stage.js';
import { stageOfAction } from '../../../domain/stageOfAction.js';
import type { Action, ProposedTrial, TrialRecord } from '../../../domain/trial.js';
import { openCallLog } from '../callLog.js';
import type { LlmClient } from '../exchange.js';
import { memoryStore } from '../memoryStore.js';
import type { PolicyContext } from '../policy.js';
import { PROMPT_VERSION } from './version.js';

/**
 * A small fixed exploration, written out here and nowhere else, so that the prompts' golden texts change with the
 * wording alone. Scores are made up.
 */
const fixed = (value: number | string) => ({ kind: 'choices', values: [value] }) as const;
const benchmark = (name: string, weight: number): Plan['benchmarks'][number] => {
  const split = (which: string) => ({ stageId: sha256Hex(`${name} ${which}`), items: 100 });
  return {
    ...{ name, metric: 'exactMatch', weight },
    splits: { search: split('search'), confirm: split('confirm'), test: split('test') },
  };
};

const PLAN: Plan = {
  schemaVersion: 1,
  explorationId: 'golden-00000000',
  name: 'golden',
  seed: '7',
  models: [{ name: 'base', stageId: sha256Hex('base'), weightsSha256: sha256Hex('w'), parameterCount: 1000 }],
  datasets: [
    { name: 'alpha', stageId: sha256Hex('alpha'), shape: 'sft', rows: 480 },
    { name: 'beta', stageId: sha256Hex('beta'), shape: 'sft', rows: 1200 },
  ],
  benchmarks: [benchmark('skill', 1), benchmark('guard', 0)],
  actions: [
    {
      kind: 'sft',
      parameters: {
        learningRate: { kind: 'choices', values: [0.0001, 0.0003] },
        steps: { kind: 'choices', values: [40, 80] },
        batchSize: fixed(8),
        warmupSteps: fixed(2),
        scheduler: fixed('linear'),
        maxLength: fixed(64),
        weightDecay: fixed(0),
        tuning: fixed('full'),
        loraRank: fixed(4),
        loraAlpha: fixed(8),
      },
      ...{ datasets: ['alpha', 'beta'], maxDatasets: 2, maxModels: 1 },
    },
    {
      kind: 'merge',
      parameters: {
        method: { kind: 'choices', values: ['linear', 'ties'] },
        lambda: { kind: 'range', low: 0.2, high: 1, scale: 'linear', integer: false },
        density: fixed(0.5),
      },
      ...{ datasets: [], maxDatasets: 0, maxModels: 3 },
    },
  ],
  constraints: [{ benchmark: 'guard', relativeToBase: true, bound: -0.02 }],
  policy: 'agent',
  llm: { baseUrl: 'http://127.0.0.1:1/v1', model: 'golden', timeoutSeconds: 5, maxTokens: 200 },
  budget: { trials: 20, gpuSeconds: null, wallClockSeconds: null },
  parallel: 2,
  checkpointSeconds: 30,
  finalists: 2,
  notes: [],
};

const sft = (model: string, dataset: string, learningRate: number, steps: number): Action => ({
  kind: 'sft',
  models: [model],
  datasets: [dataset],
  parameters: {
    ...{ learningRate, steps, batchSize: 8, warmupSteps: 2, scheduler: 'linear', maxLength: 64 },
    ...{ weightDecay: 0, tuning: 'full' },
  },
});
const merge = (...models: readonly string[]): Action => ({
  ...{ kind: 'merge', models, datasets: [] },
  parameters: { method: 'linear' },
});

const BASE = sha256Hex('base');
const FIRST = sft(BASE, 'alpha', 0.0001, 40);
const SECOND = sft(BASE, 'beta', 0.0003, 80);
const idOf = (action: Action): string => stageIdOf(stageOfAction(PLAN, action));
const MERGED = merge(idOf(FIRST), idOf(SECOND));

/** What a sampler would propose there: two of the type that step 2 is about, and one of the other. */
export const goldenSuggestions: readonly Action[] = [
  { ...merge(BASE, idOf(SECOND)), parameters: { method: 'ties', lambda: 0.8 } },
  sft(idOf(SECOND), 'alpha', 0.0001, 80),
  { ...merge(BASE, idOf(FIRST)), parameters: { method: 'linear' } },
];

/** Action, scores of skill and guard (null: it failed), GPU-seconds. */
const TRIALS: readonly (readonly [Action | null, readonly [number, number] | null, number])[] = [
  [null, [0.3, 0.8], 2],
  [FIRST, [0.41, 0.79], 12],
  [SECOND, [0.52, 0.7], 21],
  [MERGED, [0.47, 0.781], 3],
  [sft(idOf(MERGED), 'beta', 0.0001, 40), null, 11],
];

function row(plan: Plan, trial: number): TrialRecord {
  const [action = null, made = null, gpuSeconds = 0] = TRIALS[trial] ?? [];
  const stageId = action === null ? BASE : idOf(action);
  const score = (value: number) => ({ stageId, score: value, standardError: 0.05, items: 100 });
  const scoresOf = ([skill, guard]: readonly [number, number]) => ({
    skill: score(skill),
    guard: score(guard),
  });
  const scores = made === null ? {} : scoresOf(made);
  const judged = judge(plan, scores, scoresOf([0.3, 0.8]));
  return {
    schemaVersion: 1,
    ...{ trial, sequence: trial, origin: action === null ? 'base' : 'policy', action, stageId },
    ...{ decision: action === null ? null : trial - 1, label: action === null ? 'base: base' : action.kind },
    ...{ status: made === null ? 'diverged' : 'completed', message: '', weightsSha256: null, scores },
    stages: [{ stageId, kind: 'sft', reused: false, gpuSeconds, lostGpuSeconds: 0, attempts: [] }],
    ...{ metrics: {}, startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:10.000Z' },
    ...(made === null ? { score: null, standardError: null, feasible: false } : judged),
  };
}

/** The fixed exploration at its sixth decision, with one trial in flight. */
export function goldenContext(client: LlmClient, changes: Partial<Plan> = {}): PolicyContext {
  const plan = { ...PLAN, ...changes };
  const rows = TRIALS.map((_, trial) => row(plan, trial));
  const running = sft(BASE, 'alpha', 0.0003, 40);
  const inFlight: readonly ProposedTrial[] = [
    {
      ...{ trial: 5, origin: 'policy', decision: 4, action: running, stageId: idOf(running) },
      label: 'sft on base',
    },
  ];
  const decision = 5;
  const log = { store: memoryStore(), client, model: 'golden', promptVersion: PROMPT_VERSION };
  return {
    ...{ plan, rows, inFlight, decision, steering: [], spent: { llmTokens: 1000, usd: 0.1 } },
    previous: { memory: 'alpha helps skill a little', ledgerRows: 3 },
    pool: poolOf(plan, rows),
    tried: triedStageIds(plan, rows, inFlight),
    random: (purpose) => randomOf(plan.seed, decision, purpose),
    llm: openCallLog(plan.explorationId, decision, { ...log, heartbeat: () => undefined }),
    suggest: () => Promise.reject(new Error('sampler: expected not to be asked')),
  };
}
