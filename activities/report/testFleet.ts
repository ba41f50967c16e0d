import type { Attempt } from '../../domain/outcome.js';
import type { Random } from '../../domain/random.js';

/** What one job of the simulated fleet took. Times in seconds since the exploration's start. */
export interface FleetRun {
  readonly attempts: readonly Attempt[];
  readonly startedAt: number;
  readonly endedAt: number;
  readonly gpuSeconds: number;
  readonly lostGpuSeconds: number;
}
export interface Fleet {
  /** When the next worker is free. */
  nextFree(): number;
  /** Runs a job of so many steps; a preempted attempt loses what came after its last checkpoint. */
  run(from: number, job: { readonly steps: number; readonly seconds: number }): FleetRun;
}

const START = Date.parse('2026-03-02T08:00:00Z');
const CHECKPOINT_SHARE = 0.2;
const REPLACEMENT_SECONDS = 240;

export function isoAt(seconds: number): string {
  return new Date(START + Math.round(seconds * 1000)).toISOString();
}

/** Spot machines that are taken away with the given chance a training, and replaced some minutes later. */
export function fleetOf(size: number, preemption: number, random: Random): Fleet {
  const machines = Array.from({ length: size }, (_, index) => ({
    name: `spot-${'abcdefgh'[index] ?? 'x'}`,
    pid: 2000 + 97 * index,
    freeAt: 0,
  }));
  const next = () => machines.reduce((best, one) => (one.freeAt < best.freeAt ? one : best));
  return {
    nextFree: () => next().freeAt,
    run: (from, { steps, seconds }) => {
      const attempts: Attempt[] = [];
      let [done, now] = [0, from];
      for (let attempt = 1; ; attempt += 1) {
        const machine = next();
        const start = Math.max(now, machine.freeAt);
        const left = ((steps === 0 ? 1 : 1 - done / steps) || 0) * seconds + 4;
        const isTaken = steps > 0 && attempt < 4 && random.real() < preemption;
        const worked = isTaken ? left * (0.2 + 0.7 * random.real()) : left;
        const last = isTaken
          ? Math.min(steps - 1, done + Math.floor(((worked - 4) / seconds) * steps))
          : steps;
        const isAsked = random.real() < 0.6; // asked to stop: saved at its last step
        const saved =
          isTaken && !isAsked
            ? Math.floor(last / (steps * CHECKPOINT_SHARE)) * steps * CHECKPOINT_SHARE
            : last;
        const kept = Math.max(done, Math.floor(saved));
        const end = !isTaken ? 'completed' : isAsked ? 'preempted' : 'lost';
        const share = last > done ? (last - kept) / (last - done) : isTaken ? 1 : 0;
        attempts.push({
          ...{ attempt, worker: `${machine.name}:${String(machine.pid)}`, device: 'cuda (simulated)' },
          ...{ startedAt: isoAt(start), endedAt: isoAt(start + worked), end },
          reason: {
            completed: '',
            preempted: 'spot notice: the machine is taken away',
            lost: 'its process vanished',
          }[end],
          ...{ resumedStep: done, lastStep: last, stepsKept: kept - done, stepsLost: last - kept },
          ...{ gpuSeconds: rounded(worked), lostGpuSeconds: rounded(worked * share) },
        });
        now = start + worked;
        machine.freeAt = isTaken ? now + REPLACEMENT_SECONDS : now;
        if (!isTaken) break;
        machine.pid += 311;
        done = kept;
      }
      return {
        ...{ attempts, endedAt: now, startedAt: from },
        gpuSeconds: rounded(attempts.reduce((sum, one) => sum + one.gpuSeconds, 0)),
        lostGpuSeconds: rounded(attempts.reduce((sum, one) => sum + one.lostGpuSeconds, 0)),
      };
    },
  };
}

/** The same job where training fails at its last attempt: what that did buys nothing. */
export function failing(run: FleetRun, steps: number, reason: string): FleetRun {
  const attempts = run.attempts.map((one, index): Attempt => {
    if (index < run.attempts.length - 1) return one;
    const lastStep = Math.max(one.resumedStep, Math.floor(steps / 2));
    return {
      ...{ ...one, end: 'failed', reason, lastStep },
      ...{ stepsKept: 0, stepsLost: lastStep - one.resumedStep, lostGpuSeconds: one.gpuSeconds },
    };
  });
  return {
    ...run,
    attempts,
    lostGpuSeconds: rounded(attempts.reduce((sum, one) => sum + one.lostGpuSeconds, 0)),
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
