import { log, proxyActivities } from '@temporalio/workflow';
import { formatBytes } from '../domain/bytes.js';
import { afterAttempts } from '../domain/cost.js';
import { classesFor, type GpuClass, type GpuFleet } from '../domain/gpuClass.js';
import { memoryNeed, type ModelShape } from '../domain/memory.js';
import type { Attempt, StageFailure } from '../domain/outcome.js';
import type { ParameterValues } from '../domain/parameterSpace.js';
import { modelIds, shortId, type Stage } from '../domain/stage.js';
import { summaryText } from '../domain/summaries.js';
import type { GpuActivities } from './activities.js';
import { GPU_ACTIVITY, gpuQueue } from './contract.js';

export interface GpuJob {
  /** Shown in the timeline. */
  readonly summary: string;
  /** The lower the sooner. */
  readonly priority: number;
  /** Where it is tried, in this order; null: the queue of workers without a class. */
  readonly classes: readonly (GpuClass | null)[];
}

/** Where a stage is tried. Without a fleet: on the one queue there is, as in plans of before there were classes. */
export function classesOf(
  fleet: GpuFleet | undefined,
  { kind, parameters, inputs }: Pick<Stage, 'kind' | 'parameters' | 'inputs'>,
  shapes: Readonly<Record<string, ModelShape>>,
): GpuJob['classes'] {
  if (fleet === undefined) return [null];
  const models = modelIds({ inputs }).flatMap((id) => shapes[id] ?? []);
  return classesFor(fleet, kind, memoryNeed(kind, parameters as ParameterValues, models));
}

type Outcome = { readonly status: 'completed'; readonly attempts: readonly Attempt[] } | StageFailure;

/**
 * Runs a job on the first class, and when it runs out of memory there on the next one. All attempts belong to the stage,
 * and each change of class leaves a line in `notes`.
 */
export async function runOnGpu<Result extends Outcome>(
  { summary, priority, classes }: GpuJob,
  run: (activities: GpuActivities) => Promise<Result>,
): Promise<{ readonly outcome: Result; readonly notes: readonly string[] }> {
  const notes: string[] = [];
  let earlier: readonly Attempt[] = [];
  for (const [index, gpuClass] of classes.entries()) {
    const outcome = afterAttempts(earlier, await run(gpuOf(summary, priority, gpuClass?.name ?? null)));
    const next = classes[index + 1];
    if (outcome.status !== 'outOfMemory' || !gpuClass || !next) return { outcome, notes };
    earlier = outcome.attempts;
    notes.push(
      `stage ${shortId(outcome.stageId)}: out of memory on ${classText(gpuClass)}, tried again on ${classText(next)}.`,
    );
    log.warn(notes.at(-1) ?? '', { message: outcome.message });
  }
  throw new Error('classes: expected at least one, got none');
}

function classText({ name, memoryBytes }: GpuClass): string {
  return `${name} (${formatBytes(memoryBytes)})`;
}

function gpuOf(summary: string, priorityKey: number, gpuClass: string | null): GpuActivities {
  return proxyActivities<GpuActivities>({
    ...GPU_ACTIVITY,
    taskQueue: gpuQueue(gpuClass),
    summary: summaryText(summary),
    priority: { priorityKey },
  });
}
