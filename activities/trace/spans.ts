import { sha256Hex } from '../../domain/stage.js';
import { trialName, type StageCost, type TrialRecord } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';

/** A part of an exploration that has ended, as a span of a trace (OpenTelemetry). */
export interface Span {
  /** 16 hexadecimal digits; the same whenever it is made. */
  readonly id: string;
  readonly parent: string | null;
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** What failed; null: nothing. */
  readonly fault: string | null;
}

/** What one trial took, on a split. */
interface Taken {
  readonly name: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly stages: readonly StageCost[];
  readonly attributes: Span['attributes'];
  readonly fault: string | null;
}

/** 32 hexadecimal digits, of an exploration for ever. */
export function traceId(explorationId: string): string {
  return sha256Hex(`trace ${explorationId}`).slice(0, 32);
}

/** The exploration, once it has ended; below it its trials, their stages that were made for them, and each attempt at one. */
export function spansOf(found: StoredExploration): readonly Span[] {
  const { plan, pointer, result, rows, finals } = found;
  const root = spanId(plan.explorationId, '');
  const whole: readonly Span[] =
    result === null
      ? []
      : [
          {
            ...{ id: root, parent: null, name: `explore ${plan.name}`, fault: null },
            ...{ startedAt: pointer.startedAt, endedAt: result.endedAt },
            attributes: { policy: plan.policy, seed: plan.seed, verdict: result.verdict },
          },
        ];
  const later = finals.map(({ split, result: of }): Taken => ({
    ...{ ...of, name: `${split} ${trialName(of.trial)}`, attributes: { split, status: of.status } },
    fault: of.status === 'completed' ? null : of.message,
  }));
  return [
    ...whole,
    ...[...rows.map(takenOf), ...later].flatMap((taken) => ofTrial(taken, plan.explorationId, root)),
  ];
}

function takenOf(row: TrialRecord): Taken {
  const { trial, action, origin, status, score, feasible, startedAt, endedAt, stages } = row;
  return {
    ...{ name: `${trialName(trial)} ${action?.kind ?? origin}`, startedAt, endedAt, stages },
    attributes: { trial, status, feasible, ...(score === null ? {} : { score }) },
    fault: status === 'completed' ? null : row.message,
  };
}

function ofTrial(
  { name, startedAt, endedAt, stages, attributes, fault }: Taken,
  exploration: string,
  root: string,
): readonly Span[] {
  const id = spanId(exploration, name);
  const made = stages.filter(({ reused, attempts }) => !reused && attempts.length > 0);
  return [
    { id, parent: root, name, startedAt, endedAt, attributes, fault },
    ...made.flatMap((stage) => ofStage(stage, `${name} ${stage.stageId}`, { exploration, trial: id })),
  ];
}

function ofStage(
  { stageId, kind, attempts, gpuSeconds, lostGpuSeconds }: StageCost,
  path: string,
  { exploration, trial }: { readonly exploration: string; readonly trial: string },
): readonly Span[] {
  const id = spanId(exploration, path);
  const starts = attempts.map(({ startedAt }) => startedAt).sort();
  const ends = attempts.map(({ endedAt }) => endedAt).sort();
  return [
    {
      ...{
        id,
        parent: trial,
        name: kind,
        startedAt: starts[0] ?? '',
        endedAt: ends.at(-1) ?? '',
        fault: null,
      },
      attributes: { stageId, gpuSeconds, lostGpuSeconds },
    },
    ...attempts.map((one, at) => ({
      ...{
        id: spanId(exploration, `${path} ${String(at)}`),
        parent: id,
        name: `attempt ${String(one.attempt)}`,
      },
      ...{ startedAt: one.startedAt, endedAt: one.endedAt },
      attributes: {
        ...{ worker: one.worker, device: one.device, end: one.end, gpuSeconds: one.gpuSeconds },
        ...{ resumedStep: one.resumedStep, lastStep: one.lastStep, stepsLost: one.stepsLost },
      },
      fault: one.end === 'completed' ? null : `${one.end}: ${one.reason}`,
    })),
  ];
}

function spanId(explorationId: string, path: string): string {
  return sha256Hex(`span ${explorationId} ${path}`).slice(0, 16);
}
