import { setTimeout as sleep } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { Context } from '@temporalio/activity';
import type { Store } from '../../activities/store/store.js';
import type { JsonObject } from '../../domain/json.js';
import type {
  Attempt,
  BuildJob,
  BuildOutcome,
  EvaluateJob,
  EvaluateOutcome,
  Evaluator,
  JobProgress,
  Score,
} from '../../domain/outcome.js';
import { randomOf } from '../../domain/random.js';
import { modelIds, sha256Hex, type IdentifiedStage } from '../../domain/stage.js';
import type { GpuActivities } from '../../workflows/activities.js';

/** The shortest and the longest that a stage takes, in seconds. */
export type Seconds = readonly [number, number];

export interface SimulatedGpu {
  readonly store: Store;
  /** As the ledger names it. */
  readonly worker: string;
  readonly build: Seconds;
  readonly evaluate: Seconds;
}

/** As often as the GPU worker beats. */
const BEAT_MS = 2000;

/**
 * A GPU worker without a GPU: the activities of one, whose stages sleep and leave small objects of the same form. How long a
 * stage takes and what a model scores follow from ids alone. A stage's GPU-seconds are those it slept, so what publishing
 * takes counts as idle.
 */
export function simulatedGpu(gpu: SimulatedGpu): GpuActivities {
  return { build: (job) => build(gpu, job), evaluate: (job) => evaluate(gpu, job) };
}

async function build({ store, worker, build: seconds }: SimulatedGpu, job: BuildJob): Promise<BuildOutcome> {
  const { stageId, stage, requester } = job;
  const steps = Number(stage.parameters['steps'] ?? 0);
  const attempt = await slept(worker, stageId, { seconds, steps, phase: 'training' });
  const parent = await store.manifest(modelIds(stage)[0] ?? '');
  const facts = {
    ...{ stageId, weightsSha256: sha256Hex(`weights of ${stageId}`), steps, metrics: {} },
    ...{ parameterCount: Number(parent?.result['parameterCount'] ?? 1), attempts: [attempt] },
  };
  const text = `no weights: ${stageId}\n`;
  const result = { ...facts, madeFor: requester } as unknown as JsonObject;
  await store.publish(stageId, stage.kind, [{ path: 'model.txt', text }], result);
  return { status: 'completed', ...facts, reused: false };
}

/** One object a benchmark, the first one last: it carries the attempt, as the GPU worker has it. */
async function evaluate(
  { store, worker, evaluate: seconds }: SimulatedGpu,
  { modelStageId, stages, requester }: EvaluateJob,
): Promise<EvaluateOutcome> {
  const name = stages[0]?.stageId ?? modelStageId;
  const attempt = await slept(worker, name, { seconds, steps: stages.length, phase: 'evaluating' });
  const scores: Score[] = [];
  for (const [place, one] of [...stages.entries()].reverse()) {
    const attempts = place === 0 ? [attempt] : [];
    scores.unshift(await publishedScore(store, one, { modelStageId, madeFor: requester, attempts }));
  }
  return { status: 'completed', scores, attempts: [attempt] };
}

interface Scored {
  readonly modelStageId: string;
  readonly madeFor: string;
  readonly attempts: readonly Attempt[];
}

async function publishedScore(store: Store, { stageId, stage }: IdentifiedStage, of: Scored): Promise<Score> {
  const benchmark = stage.inputs['benchmark']?.[0] ?? '';
  const ids = await itemsOf(store, benchmark);
  const ability = randomOf('ability', of.modelStageId, benchmark).real();
  const random = randomOf('answers', stageId);
  const rows = ids.map((id) => ({ id, score: random.real() < ability ? 1 : 0 }));
  const score = rows.reduce((sum, row) => sum + row.score, 0) / rows.length;
  const standardError = Math.sqrt((score * (1 - score)) / Math.max(1, rows.length - 1));
  const facts = { stageId, score, standardError, items: rows.length, evaluator: evaluatorOf(benchmark) };
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const { madeFor, attempts } = of;
  const result = { ...facts, missing: null, madeFor, attempts } as unknown as JsonObject;
  await store.publish(stageId, 'evaluate', [{ path: 'rows.jsonl', text }], result);
  return { ...facts, reused: false };
}

function evaluatorOf(benchmark: string): Evaluator {
  return { benchmarkSha256: benchmark, templateSha256: null, generationSha256: sha256Hex('simulated') };
}

/** Items never change, so they are read once a process. */
const items = new Map<string, Promise<readonly string[]>>();

function itemsOf(store: Store, benchmark: string): Promise<readonly string[]> {
  const known = items.get(benchmark) ?? readItems(store, benchmark);
  items.set(benchmark, known);
  return known;
}

async function readItems(store: Store, benchmark: string): Promise<readonly string[]> {
  const text = await readFile(await store.openFile(benchmark, 'items.jsonl'), 'utf8');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => (JSON.parse(line) as { readonly id: string }).id);
}

interface Sleep {
  readonly seconds: Seconds;
  readonly steps: number;
  readonly phase: JobProgress['phase'];
}

/** Sleeps and beats, as a training does; a cancellation ends it. */
async function slept(worker: string, stageId: string, { seconds, steps, phase }: Sleep): Promise<Attempt> {
  const [least, most] = seconds;
  const gpuSeconds = least + (most - least) * randomOf('seconds', stageId).real();
  const startedAt = new Date().toISOString();
  if (most > 0) await beating(gpuSeconds, { stageId, steps, phase });
  return {
    ...{ attempt: 1, worker, device: 'none: it sleeps', startedAt, endedAt: new Date().toISOString() },
    ...{ end: 'completed', reason: '', resumedStep: 0, lastStep: steps, stepsKept: steps, stepsLost: 0 },
    ...{ gpuSeconds, lostGpuSeconds: 0 },
  };
}

async function beating(seconds: number, of: Pick<JobProgress, 'stageId' | 'steps' | 'phase'>): Promise<void> {
  const context = Context.current();
  const nothing = { checkpoint: null, loss: null, tokensPerS: null, etaS: null };
  const timer = setInterval(() => {
    context.heartbeat({ ...of, ...nothing, fence: 1, step: 0 } satisfies JobProgress);
  }, BEAT_MS);
  try {
    await sleep(seconds * 1000, undefined, { signal: context.cancellationSignal });
  } finally {
    clearInterval(timer);
  }
}
