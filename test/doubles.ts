import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { identify, sha256Hex, type IdentifiedStage, type Stage } from '../domain/stage.js';
import type { BuildJob, BuildOutcome, EvaluateJob, EvaluateOutcome, JobProgress } from '../domain/outcome.js';
import type { Plan } from '../domain/plan.js';
import type { Intervention } from '../domain/intervention.js';
import { evaluationsOf } from '../domain/evaluation.js';
import { lowestRung, recipeOf } from '../domain/fidelity.js';
import { judgeRequest, type WrittenAction } from '../domain/request.js';
import { scaleJobs } from '../domain/scale.js';
import { stageOfAction } from '../domain/stageOfAction.js';
import type { Action, ProposedTrial, TrialRecord, TrialResult } from '../domain/trial.js';
import { promotionFor } from '../activities/decide/promote.js';
import { sampleAttempt, samplePlan } from '../domain/samples.js';
import type { Slate, SuggestJob } from '../domain/suggestion.js';
import type {
  ControlActivities,
  GpuActivities,
  OrchestratorActivities,
  StoreActivities,
} from '../workflows/activities.js';
import { gpuQueue } from '../workflows/contract.js';

/** What the doubles saw, and what they can be told to do. */
export interface Doubles {
  readonly rows: TrialRecord[];
  readonly built: string[];
  readonly decisions: { decision: number; inFlight: number; steering: readonly string[] }[];
  readonly interventions: Intervention[];
  /** The slates that decisions came with (policy tpe: each one asks for one first), and the jobs they asked for. */
  readonly slates: Slate[];
  readonly consulted: SuggestJob[];
  readonly ended: string[];
  /** Trials whose build has begun: what is cancelled before it begins never hears of it. */
  readonly begun: number[];
  /** What was scored on later splits, and that the test split was opened, in order. */
  readonly finals: string[];
  /** Stage ids (by trial) whose build waits until released; a cancellation ends the wait. */
  readonly gates: Map<number, Promise<void>>;
  /**
   * Told by the build (`throws`: also by the evaluation) of this trial instead of a result; `outOfMemory` by workers of
   * class small alone.
   */
  readonly failures: Map<number, 'rejected' | 'throws' | 'outOfMemory'>;
  /** Stages (by trial) whose objects were collected: the trial's workflow finds them missing and builds them first. */
  readonly parents: Map<number, readonly IdentifiedStage[]>;
  /** What became of the models of a scale study, by job. */
  readonly scaled: Map<string, TrialResult>;
  /** The stage id of a trial that was proposed. */
  stageOf(trial: number): string;
  readonly activities: OrchestratorActivities & StoreActivities;
  readonly gpu: GpuActivities;
  readonly control: ControlActivities;
}

/** What the policy proposes, trial by trial. */
export interface Script {
  action(trial: number): Action;
  label(trial: number, action: Action | null): string;
}
const PLAIN: Script = { action: actionOf, label: (trial) => `trial ${String(trial)}` };

/** Orchestrator activities over plain memory and a GPU worker without a GPU: for tests of the workflows alone. */
export function createDoubles(
  changes: Partial<Plan>,
  registered: readonly string[] = [],
  script: Script = PLAIN,
): Doubles {
  const base = baseStage();
  const given = { name: 'base', stageId: base.stageId, weightsSha256: 'f'.repeat(64), parameterCount: 1 };
  const plan = { ...samplePlan(changes), models: [given] };
  const trials = new Map<string, number>();
  const stages = new Map<string, IdentifiedStage>();
  const propose = (
    trial: number,
    origin: ProposedTrial['origin'],
    decision: number | null,
  ): ProposedTrial => {
    const action = decision === null ? null : script.action(trial);
    const plain: Stage = { kind: 'sft', recipeVersion: 1, inputs: {}, parameters: { trial }, seed: '1' };
    const one = identify(action === null ? plain : stageOfAction(plan, action));
    stages.set(one.stageId, one);
    trials.set(one.stageId, trial);
    return { trial, origin, decision, action, stageId: one.stageId, label: script.label(trial, action) };
  };
  const made: Doubles = {
    rows: [],
    built: [],
    decisions: [],
    interventions: [],
    slates: [],
    consulted: [],
    ended: [],
    begun: [],
    finals: [],
    gates: new Map(),
    failures: new Map(),
    parents: new Map(),
    scaled: new Map(),
    stageOf: (trial) => [...trials].find(([, of]) => of === trial)?.[0] ?? '',
    activities: {
      prepare: ({ spec }) => {
        if (spec === 'bad')
          throw ApplicationFailure.nonRetryable('name: expected a name, got nothing.', 'InvalidSpec');
        return Promise.resolve({
          plan,
          baselines: [propose(0, 'base', null), propose(1, 'allData', null)],
        });
      },
      // As the real one: a trial that may go up a rung goes before a new one.
      decide: (input) => {
        const { decision, trial, inFlight, only, steering = [], slate } = input;
        const ascending = promotionFor(plan, made.rows, input);
        if (plan.policy === 'tpe' && slate === undefined && ascending === null && only === undefined)
          return Promise.resolve({ kind: 'consult', job: jobOf(decision) });
        if (slate !== undefined) made.slates.push(slate);
        made.decisions.push({
          decision,
          inFlight: inFlight.length,
          steering: steering.map(({ text }) => text),
        });
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
      // A requested stage is built and scored as if its trial had the number 50.
      checkRequest: ({ ledgerRows, pending, request }) => {
        const written =
          request.kind === 'retry'
            ? request
            : ({ kind: 'propose', action: request.action as unknown as WrittenAction } as const);
        const judged = judgeRequest({ plan, rows: made.rows.slice(0, ledgerRows), pending }, written);
        if (judged.kind === 'accepted' && !trials.has(judged.requested.stageId)) {
          const one = identify(stageOfAction(plan, judged.requested.action));
          stages.set(one.stageId, one);
          trials.set(one.stageId, 50);
        }
        return Promise.resolve(judged);
      },
      recordIntervention: ({ act }) => {
        made.interventions.push(act);
        return Promise.resolve();
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
      // An activity runs again when its answer was lost: then it must bring the very same row.
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
      recordFinal: ({ split, result }) => {
        made.finals.push(`${split} ${String(result.trial)}`);
        return Promise.resolve();
      },
      openTest: ({ models }) => {
        made.finals.push(`opened for ${models.map(({ trial }) => String(trial)).join(', ')}`);
        return Promise.resolve();
      },
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
    control: {
      suggest: (job) => {
        made.consulted.push(job);
        return Promise.resolve(slateOf(job));
      },
    },
  };
  return made;
}

function baseStage(): IdentifiedStage {
  return identify({ kind: 'sft', recipeVersion: 1, inputs: {}, parameters: { trial: 0 }, seed: '1' });
}

/** A policy trial's; no two are equal. */
function actionOf(trial: number): Action {
  const parameters = { learningRate: 1e-4, steps: 1000 + trial };
  return { kind: 'sft', models: [baseStage().stageId], datasets: ['alpha'], parameters };
}

/** New pipelines begin on the lowest rung, where there are rungs. */
function rungOf(plan: Plan, trial: number): Pick<ProposedTrial, 'fidelity' | 'recipeId'> {
  const fidelity = lowestRung(plan);
  return fidelity === 1 ? {} : { fidelity, recipeId: sha256Hex(`recipe ${String(trial)}`) };
}

function jobOf(decision: number): SuggestJob {
  return { schemaVersion: 1, requestKey: `request ${String(decision)}`, requestSha256: 'a'.repeat(64) };
}

/** The slate that the double answers to a job. */
export function slateOf({ requestKey }: SuggestJob): Slate {
  return { schemaVersion: 1, suggestions: [{ of: requestKey }] };
}
const ESTIMATE = { value: 0.5, low: 0.4, high: 0.6 };
const splitOf = (trial: number) => ({ trial, scores: {}, score: 0.5, standardError: 0.1, feasible: true });

async function build(made: Doubles, trial: number, job: BuildJob): Promise<BuildOutcome> {
  made.begun.push(trial);
  const heartbeat = setInterval(() => {
    Context.current().heartbeat(progressOf(job));
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
  if (failure === 'outOfMemory' && Context.current().info.taskQueue === gpuQueue('small'))
    return {
      ...{ status: 'outOfMemory', stageId: job.stageId, message: 'planted' },
      attempts: [sampleAttempt({ end: 'failed', gpuClass: 'small', lostGpuSeconds: 3 })],
    };
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

/** As of a training half way through. */
function progressOf({ stageId }: BuildJob): JobProgress {
  const steps = { phase: 'training', step: 31, steps: 60, checkpoint: 20 } as const;
  return { stageId, fence: 1, ...steps, loss: 1.234, tokensPerS: 5120.5, etaS: 12.5 };
}

/** Even trials meet the guard; later trials score higher. */
function evaluate(trial: number, job: EvaluateJob): EvaluateOutcome {
  const scores = job.stages.map(({ stageId }) => ({
    stageId,
    score: Math.min(1, 0.5 + trial / 100),
    standardError: 0.01,
    items: 64,
    evaluator: null,
    reused: false,
  }));
  return { status: 'completed', scores, attempts: [] };
}
