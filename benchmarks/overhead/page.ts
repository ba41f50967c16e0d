import { median } from '../../test/kill/item.js';
import { goalTable, type Goal } from '../goals.js';

export const LOOPS = ['whole', 'bare', 'optuna', 'ray'] as const;
export type Loop = (typeof LOOPS)[number];

export interface Round {
  /** Those that are timed: the base's evaluation is not. */
  readonly trials: number;
  readonly seconds: Readonly<Record<Loop, number>>;
  /** How long LaMDAgent's device had no job. */
  readonly idleSeconds: number;
}

const NAMES: Readonly<Record<Loop, string>> = {
  whole: 'LaMDAgent',
  bare: 'a bare warm Python loop',
  optuna: 'Optuna 5.0.0, plain objective',
  ray: 'Ray Tune 2.60.0, warm actor',
};
const MOST_TO_BARE = 1.05;

export function textOf(rounds: readonly Round[], parallel: number): string {
  const trials = rounds.reduce((sum, one) => sum + one.trials, 0);
  const lines = LOOPS.map((loop) => {
    const seconds = rounds.map((round) => round.seconds[loop]);
    const each = rounds.map((round) => round.seconds[loop] / round.trials);
    return `| ${NAMES[loop]} | ${spread(seconds, 1)} | ${spread(each, 2)} | ${loop === 'whole' ? '–' : spread(ratios(rounds, loop), 3)} |`;
  });
  return [
    `The same trainings, merges and evaluations of the quickstart's world, ${String(trials)} trials in ${String(rounds.length)} rounds, alternating, each from an empty store; ` +
      `one GPU worker, ${parallel === 1 ? 'one trial' : `${String(parallel)} trials`} in flight: the worker ${parallel === 1 ? 'waits while a trial is booked and the next one decided on' : 'begins its next job while a result is published and its trial booked'}. ` +
      'LaMDAgent is the embedded installation: server, orchestrator, decisions by `evolution`, GPU worker. The other loops do the jobs that it decided on, with the code of its GPU worker ' +
      '(warm child process, checkpoints, published objects), so the difference is what surrounds the jobs. ' +
      'Timed from the end of the base’s evaluation to the end of the last trial. Median (least, most) over the rounds.',
    ['| loop | seconds | seconds a trial | LaMDAgent to it |', '| --- | --- | --- | --- |', ...lines].join(
      '\n',
    ),
    `LaMDAgent’s device had no job for ${spread(rounds.map(idleMilliseconds), 0)} ms a trial, all gaps between its jobs together.`,
    goalTable([goalOf(rounds, 'bare', MOST_TO_BARE), goalOf(rounds, 'optuna', 1), goalOf(rounds, 'ray', 1)]),
  ].join('\n\n');
}

function goalOf(rounds: readonly Round[], loop: Loop, atMost: number): Goal {
  const more = rounds.map(({ seconds, trials }) => (1000 * (seconds.whole - seconds[loop])) / trials);
  return {
    ...{
      what: `LaMDAgent’s time to that of ${NAMES[loop]}`,
      value: median(ratios(rounds, loop)) ?? Number.NaN,
    },
    ...{ bound: { atMost }, text: (value: number) => value.toFixed(3) },
    cause:
      `A trial takes ${(median(more) ?? Number.NaN).toFixed(0)} ms more. For ${(median(rounds.map(idleMilliseconds)) ?? Number.NaN).toFixed(0)} ms the device has no job: a decision, its records and the round trips through the server, which that loop does without (its device waits while results are published). ` +
      'What is more than that is the machine’s noise, and what the server and the orchestrator take of it. Trials here take seconds.',
  };
}

function idleMilliseconds({ idleSeconds, trials }: Round): number {
  return (1000 * idleSeconds) / trials;
}

/** Round by round. */
function ratios(rounds: readonly Round[], loop: Loop): readonly number[] {
  return rounds.map(({ seconds }) => seconds.whole / seconds[loop]);
}

function spread(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return `${(median(values) ?? Number.NaN).toFixed(digits)} (${least ?? ''}, ${most ?? ''})`;
}
