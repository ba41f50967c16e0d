/** What is safe of a stage when its worker goes, and when it ends if none goes. Times in seconds of a running attempt. */
export interface Arm {
  readonly name: string;
  /** Work done and safe, and work done in all, this long after an attempt began with so much left; writes take time too. */
  at(elapsed: number, stage: StageWork): { readonly done: number; readonly safe: number };
  /** From the attempt's begin to its end. */
  duration(left: number, stage: StageWork): number;
  /** A preemption notice is used to write a checkpoint. */
  readonly heedsNotice: boolean;
}

/** A stage in seconds of its own work. */
export interface StageWork {
  readonly seconds: number;
  readonly kind: 'training' | 'evaluation';
  /** Work that earlier attempts made safe. */
  readonly before: number;
}

export const EPOCHS = 3;
/** Seconds of a step, and of writing a checkpoint. */
export const STEP_SECONDS = 1;
export const WRITE_SECONDS = 1;

/** As the GPU worker's clock has it (`due_after` in lamdagent_gpu/train/progress.py): at most one interval is at risk. */
export function dueAfter(interval: number, write: number, step: number): number {
  return Math.max(interval / 2, interval - write - step);
}

/** LaMDAgent: a checkpoint by the clock, of evaluations too (their journal), and on notice. */
export function byClock(intervalSeconds: number): Arm {
  const due = dueAfter(intervalSeconds, WRITE_SECONDS, STEP_SECONDS);
  return {
    name: `LaMDAgent, a checkpoint each ${String(intervalSeconds)} s`,
    heedsNotice: true,
    at: (elapsed) => written(elapsed, due),
    duration: (left) => left + WRITE_SECONDS * Math.max(0, Math.ceil(left / due) - 1),
  };
}

/** The usual script: a checkpoint at the end of each epoch; an evaluation begins anew. */
export const byEpoch: Arm = {
  name: 'a checkpoint each epoch',
  heedsNotice: false,
  at: (elapsed, stage) => {
    if (stage.kind === 'evaluation') return { done: elapsed, safe: 0 };
    const due = stage.seconds / EPOCHS;
    return written(elapsed, due);
  },
  duration: (left, { kind, seconds }) => {
    const epochsLeft = Math.ceil(left / (seconds / EPOCHS) - 1e-9);
    return left + (kind === 'evaluation' ? 0 : WRITE_SECONDS * Math.max(0, epochsLeft - 1));
  },
};

/** No checkpoints at all. */
export const fromScratch: Arm = {
  name: 'restart from scratch',
  heedsNotice: false,
  at: (elapsed) => ({ done: elapsed, safe: 0 }),
  duration: (left) => left,
};

/** Work in pieces of `due`, each made safe by a write after it. */
function written(elapsed: number, due: number): { readonly done: number; readonly safe: number } {
  const cycle = due + WRITE_SECONDS;
  const whole = Math.floor(elapsed / cycle);
  return { safe: whole * due, done: whole * due + Math.min(due, elapsed - whole * cycle) };
}
