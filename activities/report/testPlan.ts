import type { ActionSpace, Plan, Split } from '../../domain/plan.js';
import { samplePlan } from '../../domain/samples.js';
import { sha256Hex } from '../../domain/stage.js';
import type { Action } from '../../domain/trial.js';
import { ITEMS } from './testAbility.js';

/**
 * What a synthetic ledger shall be: a ledger like a real one, made without training: models have true abilities, scores are drawn item by item, machines
 * are taken away. Equal options give equal ledgers.
 */
export interface LedgerOptions {
  /** Trials after the baselines. */
  readonly trials: number;
  readonly name?: string;
  /** Stops before the end: the last decisions have no row yet. */
  readonly isRunning?: boolean;
  /** Text laid into everything that people or an LLM write. */
  readonly hostile?: string;
}

export const FINALISTS = 3;

/** Tool use is searched for while instruction following must not fall, as in the paper. */
export function planOf({ name = 'synthetic', hostile = '' }: LedgerOptions): Plan {
  const range = (low: number, high: number) =>
    ({ kind: 'range', low, high, scale: 'log', integer: false }) as const;
  const [sft, merge] = samplePlan().actions;
  if (sft === undefined || merge === undefined) throw new Error('sample plan: expected two action types');
  const trained = (rate: ReturnType<typeof range>): ActionSpace['parameters'] => ({
    ...sft.parameters,
    learningRate: rate,
    steps: { kind: 'choices', values: [120, 240] },
  });
  const beta = { kind: 'choices', values: [0.05, 0.1, 0.3] } as const;
  const dataset = (called: string, shape: 'sft' | 'preference', rows: number) => ({
    ...{ name: `${called}${hostile}`, stageId: sha256Hex(called), shape, rows },
  });
  return samplePlan({
    name,
    explorationId: `${name}-5e7a1d00`,
    models: [
      {
        name: `base-0.5b${hostile}`,
        stageId: sha256Hex('base-0.5b'),
        weightsSha256: sha256Hex('base weights'),
        parameterCount: 494_032_768,
      },
    ],
    datasets: [
      dataset('tool-calls', 'sft', 12_000),
      dataset('instructions', 'sft', 20_000),
      dataset('code', 'sft', 8000),
      dataset('preferences', 'preference', 9000),
    ],
    benchmarks: [benchmark('tools', 1), benchmark('following', 0)],
    actions: [
      {
        ...sft,
        parameters: trained(range(1e-5, 1e-3)),
        datasets: ['tool-calls', 'instructions', 'code'].map((one) => one + hostile),
      },
      {
        ...sft,
        kind: 'dpo',
        parameters: { ...trained(range(1e-6, 1e-4)), beta, sftWeight: { kind: 'choices', values: [0, 0.1] } },
        datasets: [`preferences${hostile}`],
        maxDatasets: 1,
      },
      merge,
    ],
    constraints: [{ benchmark: 'following', relativeToBase: true, bound: -0.02 }],
    ...{ policy: 'hybrid', parallel: 4, finalists: FINALISTS, maxStages: 7 },
    notes: [
      `A synthetic ledger: scores are drawn from simulated models, nothing was trained. ${hostile}`.trim(),
    ],
  });
}

function benchmark(name: string, weight: number): Plan['benchmarks'][number] {
  const split = (of: Split) => ({ stageId: sha256Hex(`${name} ${of}`), items: ITEMS });
  return {
    name,
    metric: 'exactMatch',
    weight,
    splits: { search: split('search'), confirm: split('confirm'), test: split('test') },
  };
}

/** The baseline of SFT on all data. */
export function allData(plan: Plan): Action {
  const datasets = plan.datasets.filter(({ shape }) => shape === 'sft').map(({ name }) => name);
  return {
    kind: 'sft',
    models: [plan.models[0]?.stageId ?? ''],
    datasets,
    parameters: {
      learningRate: 2e-4,
      steps: 240,
      batchSize: 4,
      warmupSteps: 2,
      scheduler: 'linear',
      maxLength: 64,
      weightDecay: 0,
      tuning: 'full',
    },
  };
}
