import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { NO_RECOVERIES, recoveryText } from '../domain/recoveries.js';
import { trialName } from '../domain/trial.js';
import { EXIT, UserFault } from '../workers/fault.js';
import { jobLine } from './jobLine.js';
import { takeSnapshot, type Snapshot } from './snapshot.js';
import { leaderboardTable } from './table.js';
import type { Terminal } from './terminal.js';

const LOOK_EVERY_MS = 700;
/** Without a terminal a job's progress is told this often. */
const TELL_EVERY_MS = 5000;
const ROWS_SHOWN = 8;
/** A service that is silent for longer is taken to be gone; the keeper restarts its own within seconds. */
const SILENCE_MS = 60_000;

/** Shows an exploration until it ends or the signal comes. */
export async function follow(options: {
  readonly client: Client;
  readonly name: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { client, name, terminal, signal } = options;
  const teller = createTeller(terminal);
  for (let answeredAt = Date.now(); !signal.aborted;) {
    const snapshot = await takeSnapshot(client, name);
    teller.tell(snapshot);
    if (snapshot.state === 'closed') break;
    if (snapshot.state === 'running') answeredAt = Date.now();
    if (Date.now() - answeredAt > SILENCE_MS) throw silent();
    await sleep(LOOK_EVERY_MS, null, { signal }).catch(() => null);
  }
  terminal.live([]);
}

function silent(): UserFault {
  return new UserFault(
    `Temporal: expected an answer within ${String(SILENCE_MS / 1000)} s, got none. The exploration goes on when the service is back.`,
    EXIT.unreachable,
  );
}

/** Tells what changed since the last look; on a terminal the rest is redrawn below. */
export function createTeller(
  terminal: Terminal,
  now: () => number = Date.now,
): { tell(snapshot: Snapshot): void } {
  const seen = new Set<number>();
  const toldAt = new Map<string, Told>();
  const notes = new Set<string>();
  let phase = '';
  let recovered: string | null = null;
  const tell = (snapshot: Snapshot): void => {
    const { status, rows } = snapshot;
    for (const note of status?.notes ?? []) if (!notes.has(note)) terminal.say(note);
    for (const note of status?.notes ?? []) notes.add(note);
    const nowPhase = status === null ? phase : status.paused ? 'paused' : status.phase;
    if (nowPhase !== phase) terminal.say(terminal.bold(nowPhase));
    phase = nowPhase;
    const nowRecovered = status === null ? recovered : recoveryText(status.recoveries ?? NO_RECOVERIES);
    if (nowRecovered !== recovered) terminal.say(`recovered: ${nowRecovered ?? 'nothing'}`);
    recovered = nowRecovered;
    const fresh = rows.filter((row) => !seen.has(row.trial));
    for (const { trial, score, standardError, feasible, label } of [...fresh].sort(
      (a, b) => a.trial - b.trial,
    )) {
      seen.add(trial);
      const unmet = feasible ? '' : ', constraints not met';
      terminal.say(
        `${trialName(trial)}  ${score.toFixed(4)} ± ${standardError.toFixed(4)}${unmet}  ${label}`,
      );
    }
    if (terminal.isInteractive) terminal.live(liveLines(snapshot, terminal));
    else {
      if (fresh.length > 0)
        for (const line of leaderboardTable(rows, ROWS_SHOWN)) terminal.say(`    ${line}`);
      tellJobs(snapshot, toldAt, terminal, now());
    }
  };
  return { tell };
}

/** Of a job: what was said of it last, and when. */
interface Told {
  readonly at: number;
  readonly phase: string;
  readonly line: string;
}

/** A job is told of when its phase changes, and when something else has changed and some time has passed. */
function tellJobs({ jobs }: Snapshot, toldAt: Map<string, Told>, terminal: Terminal, now: number): void {
  for (const job of jobs) {
    const phase = `${job.progress?.phase ?? String(job.isRunning)} ${String(job.attempt)}`;
    const last = toldAt.get(job.id);
    const line = jobLine(job);
    if (last?.phase === phase && (now - last.at < TELL_EVERY_MS || last.line === line)) continue;
    toldAt.set(job.id, { at: now, phase, line });
    terminal.say(`  ${line}`);
  }
}

function liveLines({ status, rows, jobs }: Snapshot, terminal: Terminal): readonly string[] {
  const head = status === null ? [] : ['', headline(status)];
  const board = rows.length === 0 ? [] : ['', ...leaderboardTable(rows, ROWS_SHOWN)];
  return [...board, ...head.map(terminal.dim), ...jobs.map((job) => `  ${jobLine(job)}`)];
}

function headline({ trials, spend }: NonNullable<Snapshot['status']>): string {
  const saved = spend.reusedStages === 0 ? '' : `, ${spend.savedGpuSeconds.toFixed(0)} saved by reuse`;
  const lost = spend.lostGpuSeconds === 0 ? '' : ` (${spend.lostGpuSeconds.toFixed(1)} lost)`;
  return (
    `${String(trials.completed)} trials completed, ${String(trials.failed)} failed, ${String(trials.running)} running; ` +
    `${spend.gpuSeconds.toFixed(0)} GPU-seconds${lost}${saved}`
  );
}
