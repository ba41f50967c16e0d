import type { Attempt } from './outcome.js';
import type { Plan } from './plan.js';
import { sha256Hex } from './stage.js';
import type { TrainingCurve } from './trainingCurve.js';
import type { ProposedTrial, TrialOrigin, TrialResult } from './trial.js';

/** Small valid values for tests. */
export function samplePlan(changes: Partial<Plan> = {}): Plan {
  return {
    schemaVersion: 1,
    explorationId: 'sample-00000000',
    name: 'sample',
    seed: '1',
    models: [
      { name: 'base', stageId: sampleStageId(0), weightsSha256: 'f'.repeat(64), parameterCount: 1000 },
    ],
    datasets: [
      { name: 'alpha', stageId: sha256Hex('alpha'), shape: 'sft', rows: 10 },
      { name: 'beta', stageId: sha256Hex('beta'), shape: 'sft', rows: 10 },
      { name: 'terse', stageId: sha256Hex('terse'), shape: 'preference', rows: 10 },
    ],
    benchmarks: [sampleBenchmark('skill', 1), sampleBenchmark('guard', 0)],
    actions: [
      {
        kind: 'sft',
        parameters: {
          learningRate: { kind: 'choices', values: [1e-4, 3e-4] },
          steps: { kind: 'choices', values: [10] },
          batchSize: { kind: 'choices', values: [4] },
          warmupSteps: { kind: 'choices', values: [2] },
          scheduler: { kind: 'choices', values: ['linear'] },
          maxLength: { kind: 'choices', values: [64] },
          weightDecay: { kind: 'choices', values: [0] },
          tuning: { kind: 'choices', values: ['full', 'lora'] },
          loraRank: { kind: 'choices', values: [4] },
          loraAlpha: { kind: 'choices', values: [8] },
        },
        datasets: ['alpha', 'beta'],
        maxDatasets: 2,
        maxModels: 1,
      },
      {
        kind: 'merge',
        parameters: {
          method: { kind: 'choices', values: ['linear', 'ties'] },
          lambda: { kind: 'range', low: 0.2, high: 1, scale: 'linear', integer: false },
          density: { kind: 'choices', values: [0.5] },
        },
        datasets: [],
        maxDatasets: 0,
        maxModels: 3,
      },
    ],
    constraints: [{ benchmark: 'guard', relativeToBase: true, bound: -0.02 }],
    policy: 'random',
    llm: null,
    budget: { trials: 3, gpuSeconds: 100, wallClockSeconds: 3600 },
    parallel: 1,
    checkpointSeconds: 30,
    finalists: 2,
    notes: [],
    ...changes,
  };
}

function sampleBenchmark(name: string, weight: number): Plan['benchmarks'][number] {
  const split = (which: string) => ({ stageId: sha256Hex(`${name}-${which}`), items: 64 });
  return {
    name,
    metric: 'exactMatch',
    weight,
    splits: { search: split('search'), confirm: split('confirm'), test: split('test') },
  };
}

/** The id of the model that sample trial `trial` makes. */
export function sampleStageId(trial: number): string {
  return sha256Hex(`model ${String(trial)}`);
}

export function sampleProposal(trial: number, origin: TrialOrigin): ProposedTrial {
  const decision = origin === 'policy' ? trial - 2 : null;
  return {
    trial,
    origin,
    decision,
    action: null,
    stageId: sampleStageId(trial),
    label: `trial ${String(trial)}`,
  };
}

/** A completed trial: `score` on the skill; the guard is met by trials with an even number. */
export function sampleResult(trial: number, score: number): TrialResult {
  const guard = trial % 2 === 0 ? 0.8 : 0.5;
  const stage = { kind: 'sft', attempts: [] };
  const value = (name: string, of: number) => ({
    stageId: sha256Hex(`${name} ${String(trial)}`),
    score: of,
    standardError: 0.03,
    items: 64,
  });
  return {
    trial,
    status: 'completed',
    message: '',
    stageId: sampleStageId(trial),
    weightsSha256: sha256Hex(`weights ${String(trial)}`),
    scores: { skill: value('skill', score), guard: value('guard', guard) },
    stages: [
      { ...stage, stageId: sampleStageId(trial), reused: false, gpuSeconds: 3, lostGpuSeconds: 1 },
      {
        ...stage,
        stageId: sha256Hex(`old ${String(trial)}`),
        reused: true,
        gpuSeconds: 7,
        lostGpuSeconds: 2,
      },
    ],
    metrics: {},
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:10.000Z',
  };
}

/** A first attempt of no steps that went through, but for the changes. */
export function sampleAttempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    attempt: 1,
    worker: 'host:1',
    device: 'cpu',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:10.000Z',
    end: 'completed',
    reason: '',
    resumedStep: 0,
    lastStep: 0,
    stepsKept: 0,
    stepsLost: 0,
    gpuSeconds: 3,
    lostGpuSeconds: 0,
    ...changes,
  };
}

/** A loss that falls from 2 to 1, logged at each of so many steps. */
export function sampleCurve(steps: number, changes: Partial<TrainingCurve> = {}): TrainingCurve {
  const each = (of: (share: number, step: number) => number): number[] =>
    Array.from({ length: steps }, (_, place) => of(place / Math.max(1, steps - 1), place + 1));
  return {
    ...{ schemaVersion: 1, stageId: sampleStageId(1), logged: steps, step: each((_, step) => step) },
    ...{ loss: each((share) => 2 - share), learningRate: each((share) => 1e-3 * (1 - share)) },
    ...{ gradNorm: each(() => 1), tokens: each((_, step) => 64 * step) },
    ...changes,
  };
}
