import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { identify, sha256Hex, type IdentifiedStage, type Stage } from '../domain/stage.js';
import type { BuildJob, BuildOutcome, EvaluateJob, EvaluateOutcome } from '../domain/outcome.js';
import type { Plan } from '../domain/plan.js';
import type { ProposedTrial, TrialRecord, TrialResult } from '../domain/trial.js';
import { lowestRung, recipeOf } from '../domain/fidelity.js';
import { evaluationsOf } from '../domain/evaluation.js';
import { scaleJobs } from '../domain/scale.js';
import { promotionFor } from '../activities/decide/promote.js';
import { samplePlan } from '../domain/samples.js';
import type { GpuActivities, OrchestratorActivities, StoreActivities } from '../workflows/activities.js';

/** What the doubles saw, and what they can be told to do. */
export interface Doubles {
  readonly rows: TrialRecord[];
  readonly built: string[];
  readonly decisions: { decision: number; inFlight: number }[];
  readonly ended: string[];
  /** Stage ids (by trial) whose build waits until released; a cancellation ends the wait. */
  readonly gates: Map<number, Promise<void>>;
  /** Told by the build (`throws`: also by the evaluation) of this trial instead of a result. */
  readonly failures: Map<number, 'rejected' | 'throws'>;
  /** Stages (by trial) whose objects were collected: the trial's workflow finds them missing and builds them first. */
  readonly parents: Map<number, readonly IdentifiedStage[]>;
  /** What became of the models of a scale study, by job. */
  readonly scaled: Map<string, TrialResult>;
  /** The stage id of a trial that was proposed. */
  stageOf(trial: number): string;
  readonly activities: OrchestratorActivities & StoreActivities;
  readonly gpu: GpuActivities;
}

/** Orchestrator activities over plain memory and a GPU worker without a GPU: for tests of the workflows alone. */
export function createDoubles(changes: Partial<Plan>, registered: readonly string[] = []): Doubles {
  const plan = samplePlan(changes);
  const trials = new Map<string, number>();
  const stages = new Map<string, IdentifiedStage>();
  const propose = (
    trial: number,
    origin: ProposedTrial['origin'],
    decision: number | null,
  ): ProposedTrial => {
    const stage: Stage = { kind: 'sft', recipeVersion: 1, inputs: {}, parameters: { trial }, seed: '1' };
    const one = identify(stage);
    stages.set(one.stageId, one);
    trials.set(one.stageId, trial);
    return { trial, origin, decision, action: null, stageId: one.stageId, label: `trial ${String(trial)}` };
  };
  const made: Doubles = {
    rows: [],
    built: [],
    decisions: [],
    ended: [],
    gates: new Map(),
    failures: new Map(),
    parents: new Map(),
    scaled: new Map(),
    stageOf: (trial) => [...trials].find(([, of]) => of === trial)?.[0] ?? '',
    activities: {
      prepare: ({ spec }) => {
        if (spec === 'bad')
          throw ApplicationFailure.nonRetryable('name: expected a name, got nothing.', 'InvalidSpec');
        const base = propose(0, 'base', null);
        const models = [
          { name: 'base', stageId: base.stageId, weightsSha256: 'f'.repeat(64), parameterCount: 1 },
        ];
        return Promise.resolve({ plan: { ...plan, models }, baselines: [base, propose(1, 'allData', null)] });
      },
      // As the real one: a trial that may go up a rung goes before a new one.
      decide: (input) => {
        const { decision, trial, inFlight, only } = input;
        made.decisions.push({ decision, inFlight: inFlight.length });
        const ascending = promotionFor(plan, made.rows, input);
        if (ascending !== null) {
          const { fidelity, row } = ascending.promotion;
          const above = { fidelity, promotes: row.trial, recipeId: recipeOf(row), action: row.action };
          const proposed = { ...propose(trial, 'promotion', decision), ...above };
          return Promise.resolve({ kind: 'proposed', proposed, llmTokens: 0, fallback: false });
        }
        if (only !== undefined) return Promise.resolve({ kind: 'exhausted' });
        return Promise.resolve({
          kind: 'proposed',
          proposed: { ...propose(trial, 'policy', decision), ...rungOf(plan, trial) },
          llmTokens: 5,
          fallback: false,
        });
      },
      confirm: () =>
        Promise.resolve({
          schemaVersion: 1,
          base: splitOf(0),
          finalists: [],
          champion: 0,
          difference: null,
          reason: 'double',
        }),
      conclude: ({ stoppedBecause }) =>
        Promise.resolve({
          schemaVersion: 1,
          verdict: 'baseKept',
          champion: 0,
          confirmation: {
            schemaVersion: 1,
            base: splitOf(0),
            finalists: [],
            champion: 0,
            difference: null,
            reason: 'double',
          },
          test: {
            base: ESTIMATE,
            best: ESTIMATE,
            difference: ESTIMATE,
            baseScores: splitOf(0),
            bestScores: splitOf(0),
          },
          stoppedBecause,
          endedAt: '2026-01-01T00:00:00.000Z',
        }),
      prepareScale: ({ exploration }) => {
        const twin = (trial: number): string => {
          const stage: Stage = {
            kind: 'sft',
            recipeVersion: 1,
            inputs: {},
            parameters: { twin: trial },
            seed: '1',
          };
          const one = identify(stage);
          stages.set(one.stageId, one);
          trials.set(one.stageId, 100 + trial);
          return one.stageId;
        };
        const pipelines = [2, 3].map((trial) => ({
          ...{ trial, label: `trial ${String(trial)}`, training: { original: [], scaled: [] } },
          ...{ original: made.stageOf(trial), scaled: twin(trial) },
        }));
        const jobs = scaleJobs({ pipelines }, (stageId) => evaluationsOf(plan, 'confirm', stageId));
        const study = { explorationId: plan.explorationId, exploration, label: 'data-x2-top2' };
        const left = jobs.filter(({ name }) => !made.scaled.has(name));
        return Promise.resolve({
          ...{ plan: study, jobs: left, models: jobs.length, parallel: plan.parallel },
          ...{ checkpointSeconds: plan.checkpointSeconds, result: null },
        });
      },
      concludeScale: ({ explorationId, exploration, label }) =>
        Promise.resolve({
          schemaVersion: 1,
          plan: { schemaVersion: 1, explorationId, exploration, label, factor: 2, base: null, pipelines: [] },
          ...{ level: 0.95, pipelines: [], orders: [], endedAt: '2026-01-01T00:00:00.000Z' },
          spend: { gpuSeconds: 0, lostGpuSeconds: 0, savedGpuSeconds: 0 },
        }),
      recordScale: ({ job, result }) => {
        if (!made.scaled.has(job)) made.scaled.set(job, result);
        return Promise.resolve();
      },
      searchAttributes: () => Promise.resolve(registered),
      closedWorkflows: () => Promise.resolve([]),
      lookup: ({ stageId }) => {
        const stage = stages.get(stageId);
        const there = made.built.includes(stageId) || trials.get(stageId) === 0;
        const parents = made.parents.get(trials.get(stageId) ?? -1) ?? [];
        const missing = stage === undefined || there ? [] : [...parents, stage];
        return Promise.resolve({ missing, weightsSha256: null, scores: [], found: [] });
      },
      // A local activity runs again when its workflow task was lost: then it must bring the very same row.
      record: ({ row }) => {
        const earlier = made.rows.find(({ sequence }) => sequence === row.sequence);
        if (earlier === undefined) made.rows.push(row);
        else if (JSON.stringify(earlier) !== JSON.stringify(row))
          throw ApplicationFailure.nonRetryable(
            `row ${String(row.sequence)}: got another one`,
            'LedgerConflict',
          );
        return Promise.resolve();
      },
      recordFinal: () => Promise.resolve(),
      recordEnded: ({ reason }) => {
        made.ended.push(reason);
        return Promise.resolve();
      },
    },
    gpu: {
      build: (job) => build(made, trials.get(job.stageId) ?? -1, job),
      evaluate: (job) => {
        const trial = trials.get(job.modelStageId) ?? -1;
        if (made.failures.get(trial) === 'throws')
          throw ApplicationFailure.nonRetryable('planted', 'Planted');
        return Promise.resolve(evaluate(trial, job));
      },
    },
  };
  return made;
}

/** New pipelines begin on the lowest rung, where there are rungs. */
function rungOf(plan: Plan, trial: number): Pick<ProposedTrial, 'fidelity' | 'recipeId' | 'action'> {
  const fidelity = lowestRung(plan);
  const action = { kind: 'sft', models: [], datasets: [], parameters: {} } as const;
  return fidelity === 1
    ? { action: null }
    : { fidelity, recipeId: sha256Hex(`recipe ${String(trial)}`), action };
}

const ESTIMATE = { value: 0.5, low: 0.4, high: 0.6 };
const splitOf = (trial: number) => ({ trial, scores: {}, score: 0.5, standardError: 0.1, feasible: true });

async function build(made: Doubles, trial: number, job: BuildJob): Promise<BuildOutcome> {
  const heartbeat = setInterval(() => {
    Context.current().heartbeat({ step: 1 });
  }, 200);
  try {
    await Promise.race([made.gates.get(trial), Context.current().cancelled]);
  } catch (error) {
    if (error instanceof CancelledFailure) made.ended.push(`cancelled ${String(trial)}`);
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
  const failure = made.failures.get(trial);
  if (failure === 'throws') throw ApplicationFailure.nonRetryable('planted', 'Planted');
  if (failure === 'rejected')
    return { status: 'rejected', stageId: job.stageId, message: 'planted', attempts: [] };
  made.built.push(job.stageId);
  const weightsSha256 = sha256Hex(String(trial));
  return {
    status: 'completed',
    stageId: job.stageId,
    weightsSha256,
    parameterCount: 1,
    steps: 1,
    metrics: {},
    attempts: [],
    reused: false,
  };
}

/** Even trials meet the guard; later trials score higher. */
function evaluate(trial: number, job: EvaluateJob): EvaluateOutcome {
  const scores = job.stages.map(({ stageId }) => ({
    stageId,
    score: Math.min(1, 0.5 + trial / 100),
    standardError: 0.01,
    items: 64,
    reused: false,
  }));
  return { status: 'completed', scores, attempts: [] };
}
