import type { JobProgress } from '../domain/outcome.js';

/** One activity in flight, as Temporal describes it. */
export interface Job {
  readonly id: string;
  readonly label: string;
  readonly activity: string;
  readonly isRunning: boolean;
  readonly attempt: number;
  readonly progress: JobProgress | null;
}

const BAR_WIDTH = 20;

/** `t0003 sft lr=3e-4 on base  training [#####-----] 31/60 52 %  ETA 3 s  loss 1.23`. */
export function jobLine(job: Job): string {
  const again = job.attempt > 1 ? [`attempt ${String(job.attempt)}`] : [];
  if (!job.isRunning) return [job.label, `${job.activity}: waits for a worker`, ...again].join('  ');
  if (job.progress === null) return [job.label, `${job.activity}: begins`, ...again].join('  ');
  if (job.progress.phase === 'waiting')
    return [
      job.label,
      `${job.activity}: waits for its turn, or for an earlier attempt that still lives`,
      ...again,
    ].join('  ');
  const { phase, step, steps, etaS, loss, checkpoint } = job.progress;
  const share = steps > 0 ? Math.min(step / steps, 1) : 0;
  const amount =
    steps > 0 ? [`${bar(share)} ${String(step)}/${String(steps)} ${(100 * share).toFixed(0)} %`] : [];
  return [
    job.label,
    phase,
    ...amount,
    ...(etaS === null ? [] : [`ETA ${duration(etaS)}`]),
    ...(loss === null ? [] : [`loss ${loss.toFixed(3)}`]),
    ...(checkpoint === null ? [] : [`checkpoint ${String(checkpoint)}`]),
    ...again,
  ].join('  ');
}

export function bar(share: number): string {
  const full = Math.round(share * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}]`;
}

/** `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${String(whole)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(whole % 60)} s`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}
