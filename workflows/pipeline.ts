import {
  ActivityFailure,
  ApplicationFailure,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  BuildOutcome,
  BuiltModel,
  Evaluated,
  JobOptions,
  Score,
  StageFailure,
} from '../domain/outcome.js';
import { shortId, type IdentifiedStage } from '../domain/stage.js';
import { buildSummary, readableLabel, scoreSummary, summaryText } from '../domain/summaries.js';
import {
  trialName,
  type BenchmarkScore,
  type ProposedTrial,
  type StageCost,
  type TrialResult,
} from '../domain/trial.js';
import { endedTrialDetails, trialDetails } from '../domain/trialDetails.js';
import { buildCost, evaluationCost } from '../domain/cost.js';
import type { GpuFleet } from '../domain/gpuClass.js';
import type { BookedWeights, LookupOutput } from './activities.js';
import { classesOf, runOnGpu } from './gpuJobs.js';
import { trialEnded } from './messages.js';
import { storeActivitiesOf } from './store.js';
import { listEnd, type TrialListing } from './trialListing.js';

export interface PipelineInput {
  readonly explorationId: string;
  readonly proposed: ProposedTrial;
  /** Evaluation stages of the model, by benchmark name. */
  readonly evaluations: Readonly<Record<string, IdentifiedStage>>;
  readonly options: JobOptions;
  /** Who pays: `<explorationId>/<trial>`; the same when the workflow is started again. Absent in trials begun by 0.1. */
  readonly requester?: string;
  /** The workflow id that gets the `trialEnded` signal; null: nobody. */
  readonly reportTo: string | null;
  /** How it is found in lists; absent in trials begun by 0.3, and by hand. */
  readonly listing?: TrialListing;
  /** Classes of GPU workers; absent: one queue for all. */
  readonly workers?: GpuFleet;
  /** Asks the store by an activity task (workflows/store.ts); absent in trials begun by 0.4, and by hand. */
  readonly asksByTask?: true;
}

/** Scoring a finished model goes before starting a new training. */
const BUILD_PRIORITY = 4;
const EVALUATE_PRIORITY = 2;

/** Builds the missing stages of one pipeline, scores its model, and reports. A failed stage is a result, not an error. */
export async function pipeline(input: PipelineInput): Promise<TrialResult> {
  const startedAt = new Date().toISOString();
  const outcome = await run(input);
  const result: TrialResult = {
    trial: input.proposed.trial,
    stageId: input.proposed.stageId,
    ...outcome,
    startedAt,
    endedAt: new Date().toISOString(),
  };
  setCurrentDetails(
    endedTrialDetails(explorationOf(input), input.proposed, result, input.listing?.benchmarks ?? []),
  );
  listEnd(input.listing, result);
  await report(input, result);
  return result;
}

type Outcome = Omit<TrialResult, 'trial' | 'stageId' | 'startedAt' | 'endedAt'>;

async function run(input: PipelineInput): Promise<Outcome> {
  const stages: StageCost[] = [];
  try {
    return await buildAndScore(input, stages);
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (!(error instanceof ActivityFailure)) throw error;
    return failed({ status: 'crashed', message: innermostMessage(error) }, stages);
  }
}

async function buildAndScore(input: PipelineInput, stages: StageCost[]): Promise<Outcome> {
  const wanted = Object.values(input.evaluations);
  const target = input.proposed.stageId;
  const known = await lookUp(input, wanted);
  stages.push(...known.found);
  let weightsSha256 = known.weightsSha256;
  let metrics: Outcome['metrics'] = {};
  const remarks: string[] = [];
  for (const [made, missing] of known.missing.entries()) {
    tell(input, `making ${readableLabel(missing.stage.kind)}`, { made, stages: known.missing.length });
    const { outcome: built, notes } = await build(input, missing, known.shapes);
    stages.push(buildCost(missing, built));
    remarks.push(...notes);
    if (built.status !== 'completed') return failed(built, stages, { remarks });
    remarks.push(...weightsDoubt(missing, built, known.bookedWeights?.[missing.stageId]));
    if (missing.stageId === target) ({ weightsSha256, metrics } = built);
  }
  tell(input, 'scoring', { made: known.missing.length, stages: known.missing.length });
  const evaluation = await evaluate(input, known);
  const scored = evaluation?.outcome ?? null;
  remarks.push(...(evaluation?.notes ?? []));
  if (scored !== null) stages.push(evaluationCost(scored, wanted));
  if (scored !== null && scored.status !== 'completed')
    return failed(scored, stages, { remarks, weightsSha256 });
  const scores = byBenchmark(input, [...known.scores, ...(scored?.scores ?? [])]);
  return { status: 'completed', message: remarks.join(' '), weightsSha256, scores, stages, metrics };
}

async function lookUp(input: PipelineInput, wanted: readonly IdentifiedStage[]): Promise<LookupOutput> {
  tell(input, 'looking up what is in the store');
  const summary = summaryText(`look up what ${trialName(input.proposed.trial)} needs and what is there`);
  const request = {
    stageId: input.proposed.stageId,
    evaluations: wanted.map((one) => one.stageId),
    requester: requesterOf(input),
    ...(input.workers === undefined ? {} : { sized: true as const }),
  };
  return storeActivitiesOf(input).lookup.executeWithOptions({ summary }, [request]);
}

/** In the Web UI's current details. */
function tell({ proposed }: PipelineInput, doing: string, of = { made: 0, stages: 0 }): void {
  setCurrentDetails(trialDetails(proposed, { doing, ...of }));
}

/** The exploration's name: `<name>-<8 digits>` without its digits. */
function explorationOf({ explorationId }: PipelineInput): string {
  return explorationId.replace(/-[0-9a-f]{8}$/, '');
}

/** A model that was collected and made again must be the same; when it isn't, the row and the log say so. */
function weightsDoubt(
  { stage, stageId }: IdentifiedStage,
  { weightsSha256 }: BuiltModel,
  booked: BookedWeights | undefined,
): readonly string[] {
  if (booked === undefined || booked.weightsSha256 === weightsSha256) return [];
  const doubt =
    `${stage.kind} ${shortId(stageId)}, made again: expected the weights ${shortId(booked.weightsSha256)} that ` +
    `${booked.trial} made, got ${shortId(weightsSha256)}. What builds on it, and scores made before, may differ.`;
  log.warn(doubt);
  return [doubt];
}

type OnGpu<Result> = Promise<{ readonly outcome: Result; readonly notes: readonly string[] }>;

function build(
  input: PipelineInput,
  missing: IdentifiedStage,
  shapes: LookupOutput['shapes'] = {},
): OnGpu<BuildOutcome> {
  const { stage, stageId } = missing;
  const isTarget = stageId === input.proposed.stageId;
  const label = isTarget ? input.proposed.label : `rebuild ${stage.kind} ${shortId(stageId)}`;
  const paid = { options: input.options, requester: requesterOf(input) };
  const classes = classesOf(input.workers, stage, shapes);
  const summary = buildSummary(input.proposed, missing);
  return runOnGpu({ summary, priority: BUILD_PRIORITY, classes }, (gpu) =>
    gpu.build({ schemaVersion: 1, ...missing, ...paid, label }),
  );
}

/** A trial that 0.1 began is named by its workflow id: `explore/<name>/<trial>-<8 digits>`, or `…/<split>-<trial>`. */
function requesterOf({ explorationId, requester }: PipelineInput): string {
  const name = workflowInfo().workflowId.split('/').at(-1) ?? '';
  return requester ?? `${explorationId}/${name.replace(/-[0-9a-f]{8}$/, '')}`;
}

/** Scores what has no score yet; null when there is nothing to do. */
async function evaluate(
  input: PipelineInput,
  { scores, shapes = {} }: LookupOutput,
): Promise<Awaited<OnGpu<Evaluated | StageFailure>> | null> {
  const have = new Set(scores.map((score) => score.stageId));
  const unscored = Object.entries(input.evaluations).filter(([, { stageId }]) => !have.has(stageId));
  if (unscored.length === 0) return null;
  const stages = unscored.map(([, one]) => one);
  const label = `score ${input.proposed.label}`;
  const job = {
    schemaVersion: 1,
    modelStageId: input.proposed.stageId,
    stages,
    options: input.options,
    requester: requesterOf(input),
    label,
  } as const;
  const inputs = { model: [job.modelStageId] };
  const classes = classesOf(input.workers, { kind: 'evaluate', parameters: {}, inputs }, shapes);
  const benchmarks = unscored.map(([name]) => name);
  const summary = scoreSummary(input.proposed.trial, benchmarks, input.listing?.split ?? null);
  return runOnGpu({ summary, priority: EVALUATE_PRIORITY, classes }, (gpu) => gpu.evaluate(job));
}

function byBenchmark(input: PipelineInput, scores: readonly Score[]): Record<string, BenchmarkScore> {
  const byId = new Map(scores.map((score) => [score.stageId, score]));
  return Object.fromEntries(
    Object.entries(input.evaluations).map(([benchmark, { stageId }]) => {
      const found = byId.get(stageId);
      if (found === undefined)
        throw ApplicationFailure.nonRetryable(
          `scores of ${benchmark}: expected one for ${stageId}, got none`,
          'MissingScore',
        );
      const { score, standardError, items, evaluator, missing } = found;
      const locked = evaluator ? { evaluator } : {}; // absent from workers of 0.1
      const unscored = missing ? { missing } : {};
      return [benchmark, { stageId, score, standardError, items, ...locked, ...unscored }];
    }),
  );
}

function failed(
  failure: { readonly status: StageFailure['status']; readonly message: string },
  stages: readonly StageCost[],
  {
    remarks = [],
    weightsSha256 = null,
  }: { readonly remarks?: readonly string[]; readonly weightsSha256?: string | null } = {},
): Outcome {
  const message = [...remarks, failure.message].join(' ');
  return { status: failure.status, message, weightsSha256, scores: {}, stages, metrics: {} };
}

function innermostMessage(error: Error): string {
  let inner = error;
  while (inner.cause instanceof Error) inner = inner.cause;
  return inner.message;
}

/** The exploration may be closed by now (stopped, terminated): then nobody is left to tell. */
async function report(input: PipelineInput, result: TrialResult): Promise<void> {
  if (input.reportTo === null) return;
  try {
    await getExternalWorkflowHandle(input.reportTo).signal(trialEnded, {
      explorationId: input.explorationId,
      result,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}
