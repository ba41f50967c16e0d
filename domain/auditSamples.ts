import type { AuditedObject, Books } from './audit.js';
import { constraintChances } from './constraintChance.js';
import { contaminationSummary, type ContaminationRecord } from './contamination.js';
import type { DecisionRecord } from './decision.js';
import { splitScores } from './final.js';
import { judge } from './ranking.js';
import type { Attempt } from './outcome.js';
import type { Plan } from './plan.js';
import type { ConstraintEvidence, SplitScores } from './result.js';
import { evaluationsOf } from './evaluation.js';
import { OVERLAP_RULE } from './overlap/rule.js';
import { samplePlan } from './samples.js';
import { scaleJobs, type ScaleJob, type ScalePlan, type ScaleResult } from './scale.js';
import { identify, sha256Hex, type IdentifiedStage } from './stage.js';
import {
  trialName,
  type BenchmarkScore,
  type ProposedTrial,
  type StageCost,
  type TrialRecord,
  type TrialResult,
} from './trial.js';

/** The books of a small finished exploration that was killed a few times: for tests of the rules. */
export function sampleBooks(): Books {
  const gate = gateOf(samplePlan());
  const plan = samplePlan({ contamination: contaminationSummary(gate.record, gate.sha256) });
  const stages = [0, 1, 2, 3].map(stageOf);
  const rows = stages.map((stage, trial) => rowOf(plan, stage, trial));
  const finals = (['confirm', 'test'] as const).flatMap((split) =>
    [0, 2].map((trial) => ({ split, result: finalOf(split, trial) })),
  );
  const decisions = [2, 3].map((trial) => decisionOf(plan, stageOf(trial), trial));
  const result = resultOf(finals);
  const models = rows.map(({ trial, stageId }) => ({ trial, stageId })).filter(({ trial }) => trial !== 3);
  const at = '2026-01-01T00:00:50.000Z';
  const openings = [{ schemaVersion: 1, number: 0, at, by: 'run-1', models, forced: false }] as const;
  return {
    ...{ plan, rows, finals, decisions, result, openings, interventions: [], source: null, ended: false },
    scales: [scaleOf(plan)],
    gate,
    objects: objectsOf(plan, rows),
  };
}

/** Two rows of each dataset copied evaluation items and were dropped. */
function gateOf({ datasets }: Plan): NonNullable<Books['gate']> {
  const record: ContaminationRecord = {
    ...{ schemaVersion: 1, rule: OVERLAP_RULE, onMatch: 'drop', rejectAbove: 0.5, items: 64, splits: [] },
    datasets: datasets.map(({ name, rows }) => ({
      ...{ name, rows: rows + 2, matchedRows: 2, droppedRows: 2, splits: [], matches: [], leftOut: 0 },
      kinds: { exact: 2, normalised: 0, ngram: 0 },
    })),
  };
  return { sha256: sha256Hex(JSON.stringify(record)), record };
}

function stageOf(trial: number): IdentifiedStage {
  return identify({ kind: 'sft', recipeVersion: 1, inputs: {}, parameters: { trial }, seed: '1' });
}

/** Killed after 40 steps with a checkpoint at 30, given notice at 60, completed at 100; 0.1 s a step. */
export function sampleAttempts(): readonly Attempt[] {
  return [
    { ...attempt(1, 'lost', 0, 40), stepsKept: 30, stepsLost: 10, lostGpuSeconds: 1 },
    { ...attempt(2, 'preempted', 30, 60), stepsKept: 30 },
    { ...attempt(3, 'completed', 60, 100), stepsKept: 40 },
  ];
}

function attempt(number: number, end: Attempt['end'], resumedStep: number, lastStep: number): Attempt {
  return {
    attempt: number,
    worker: 'host:1',
    device: 'cpu',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:05.000Z',
    end,
    reason: '',
    resumedStep,
    lastStep,
    stepsKept: 0,
    stepsLost: 0,
    gpuSeconds: (lastStep - resumedStep) / 10,
    lostGpuSeconds: 0,
  };
}

function costOf(stageId: string, kind: string, attempts: readonly Attempt[], reused = false): StageCost {
  const sum = (of: 'gpuSeconds' | 'lostGpuSeconds'): number =>
    attempts.reduce((total, one) => total + one[of], 0);
  return {
    stageId,
    kind,
    reused,
    gpuSeconds: sum('gpuSeconds'),
    lostGpuSeconds: sum('lostGpuSeconds'),
    attempts,
  };
}

function scoresOf(name: string, skill = 0.5): Readonly<Record<string, BenchmarkScore>> {
  const score = (benchmark: string): BenchmarkScore => ({
    stageId: sha256Hex(`${benchmark} of ${name}`),
    score: benchmark === 'skill' ? skill : 0.5,
    standardError: 0.1,
    items: 64,
  });
  return { skill: score('skill'), guard: score('guard') };
}

const evaluated = (name: string): StageCost =>
  costOf(sha256Hex(`skill of ${name}`), 'evaluate', [attempt(1, 'completed', 0, 0)]);

function rowOf(plan: Plan, { stageId }: IdentifiedStage, trial: number): TrialRecord {
  const name = `trial ${String(trial)}`;
  const scores = scoresOf(name);
  const isPolicy = trial >= 2;
  const built = trial === 0 ? [] : [costOf(stageId, 'sft', sampleAttempts())];
  const action = { kind: 'sft', models: [], datasets: [], parameters: {} } as const;
  return {
    schemaVersion: 1,
    sequence: trial,
    trial,
    origin: trial === 0 ? 'base' : isPolicy ? 'policy' : 'allData',
    decision: isPolicy ? trial - 2 : null,
    action: trial === 0 ? null : action,
    stageId,
    label: name,
    status: 'completed',
    message: '',
    weightsSha256: sha256Hex(`weights ${String(trial)}`),
    scores,
    stages: [...built, evaluated(name)],
    metrics: {},
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:10.000Z',
    ...judge(plan, scores, scores),
    constraints: constraintChances(plan, scores, scoresOf('trial 0')),
  };
}

function finalOf(split: string, trial: number): TrialResult {
  const name = `${split} ${String(trial)}`;
  return {
    trial,
    status: 'completed',
    message: '',
    stageId: stageOf(trial).stageId,
    weightsSha256: sha256Hex(`weights ${String(trial)}`),
    scores: scoresOf(name, trial === 0 ? 0.5 : 0.75),
    stages: [costOf(stageOf(trial).stageId, 'sft', sampleAttempts(), true), evaluated(name)],
    metrics: {},
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:10.000Z',
  };
}

function decisionOf(plan: Plan, stage: IdentifiedStage, trial: number): DecisionRecord {
  const action = { kind: 'sft', models: [], datasets: [], parameters: {} } as const;
  const { stageId } = stage;
  const label = `trial ${String(trial)}`;
  const proposed: ProposedTrial = { trial, origin: 'policy', decision: trial - 2, action, stageId, label };
  const call = (purpose: 'actionType' | 'objects') => ({
    ...{ purpose, promptSha256: sha256Hex(`${purpose} ${String(trial)}`), answer: '{}', fault: null },
    ...{ promptTokens: 10, completionTokens: 1, seconds: 1 },
  });
  return {
    ...{
      schemaVersion: 1,
      decision: trial - 2,
      policy: plan.policy,
      ledgerRows: trial,
      inFlight: [],
      proposed,
      stage,
    },
    ...{
      action,
      reason: '',
      fallback: false,
      positions: [],
      calls: [call('actionType'), call('objects')],
      memory: null,
    },
  };
}

/** The base and trial 2 at twice the training; the originals' scores were there before. */
function scaleOf(plan: Plan): Books['scales'][number] {
  const scaled = stageOf(102).stageId;
  const training = { original: [], scaled: [] };
  const pipelines = [
    { trial: 0, label: 'base', original: stageOf(0).stageId, scaled: stageOf(0).stageId, training },
    { trial: 2, label: 'trial 2', original: stageOf(2).stageId, scaled, training },
  ];
  const { explorationId, name: exploration } = plan;
  const study: ScalePlan = {
    ...{
      schemaVersion: 1,
      explorationId,
      exploration,
      label: 'data-x2-top1',
      factor: 2,
      base: null,
      pipelines,
    },
  };
  const rows = scaleJobs(study, (stageId) => evaluationsOf(plan, 'confirm', stageId)).map((job) => {
    const stages = job.name === 't0002-scaled' ? [costOf(scaled, 'sft', sampleAttempts())] : [];
    return { job: job.name, result: scoredJob(job, stages) };
  });
  const gap = { value: 0.1, low: 0.05, high: 0.15 };
  const split = (trial: number) => ({ trial, scores: {}, score: 0.5, standardError: 0.1, feasible: true });
  const outcome = (trial: number, label: string) => ({
    ...{ trial, label, status: { original: 'completed', scaled: 'completed' } as const, message: '' },
    ...{ original: split(trial), scaled: split(trial), change: gap, gain: { original: gap, scaled: gap } },
  });
  const result: ScaleResult = {
    ...{ schemaVersion: 1, plan: study, level: 0.95, endedAt: '2026-01-01T00:02:00.000Z' },
    pipelines: [outcome(0, 'base'), outcome(2, 'trial 2')],
    orders: [{ trials: [0, 2], original: gap, scaled: gap, verdict: 'kept' }],
    spend: { gpuSeconds: 0, lostGpuSeconds: 0, savedGpuSeconds: 0 },
  };
  return { plan: study, rows, result };
}

function scoredJob(job: ScaleJob, built: readonly StageCost[]): TrialResult {
  const scores = Object.fromEntries(
    Object.entries(job.evaluations).map(([name, { stageId }]) => [
      name,
      { stageId, score: 0.5, standardError: 0.1, items: 64 },
    ]),
  );
  const paid = [attempt(1, 'completed', 0, 0)];
  const first = Object.values(scores)[0]?.stageId ?? '';
  return {
    ...{
      trial: job.trial,
      status: 'completed',
      message: '',
      stageId: job.stageId,
      weightsSha256: null,
      scores,
    },
    stages: [...built, costOf(first, 'evaluate', paid)],
    ...{ metrics: {}, startedAt: '2026-01-01T00:01:00.000Z', endedAt: '2026-01-01T00:01:10.000Z' },
  };
}

function resultOf(finals: Books['finals']): NonNullable<Books['result']> {
  const estimate = { value: 0.5, low: 0.4, high: 0.6 };
  const on = (split: string, trial: number): SplitScores => {
    const of = (which: number): TrialResult | undefined =>
      finals.find((one) => one.split === split && one.result.trial === which)?.result;
    const [scored, base] = [of(trial), of(0)];
    if (scored === undefined || base === undefined) throw new Error(`no sample of ${trialName(trial)}`);
    return splitScores(samplePlan(), scored, base, [sampleEvidence()]);
  };
  return {
    schemaVersion: 1,
    verdict: 'notShown',
    champion: 2,
    confirmation: {
      ...{ schemaVersion: 1, base: shownBase(on('confirm', 0)), finalists: [on('confirm', 2)] },
      ...{ allData: null, champion: 2, difference: estimate, reason: '' },
    },
    test: {
      base: estimate,
      best: estimate,
      difference: estimate,
      baseScores: shownBase(on('test', 0)),
      bestScores: on('test', 2),
    },
    stoppedBecause: 'budget: 2 trials',
    endedAt: '2026-01-01T00:01:00.000Z',
  };
}

/** The base has no constraints to show. */
function shownBase(base: SplitScores): SplitScores {
  return { ...base, constraints: [] };
}

/** The guard is as good as the base's, and its lower limit reaches the margin. */
export function sampleEvidence(changes: Partial<ConstraintEvidence> = {}): ConstraintEvidence {
  return {
    ...{ benchmark: 'guard', relativeToBase: true, limit: -0.02, value: 0, lower: -0.01, level: 0.95 },
    ...{ method: 'pairedScore', items: 64, clusters: null, met: true, shown: true },
    ...changes,
  };
}

function objectsOf(plan: Plan, rows: readonly TrialRecord[]): readonly AuditedObject[] {
  return rows.flatMap((row) =>
    row.stages.map(({ stageId, kind, attempts }) => ({
      ...{ stageId, kind, attempts, madeFor: `${plan.explorationId}/t000${String(row.trial)}` },
      weightsSha256: kind === 'sft' ? row.weightsSha256 : null,
    })),
  );
}
