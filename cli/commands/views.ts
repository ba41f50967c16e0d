import type { Command } from 'commander';
import { loadExploration } from '../../activities/ledger/read.js';
import {
  listExplorations,
  loadLeaderboard,
  statusOf,
  type LeaderboardView,
  type StatusView,
} from '../../activities/ledger/views.js';
import { loadAttempts, type AttemptsView } from '../../activities/ledger/attempts.js';
import { correlationText } from '../../activities/report/fidelity.js';
import { openingsText } from '../../domain/opening.js';
import { placeText } from '../../domain/attemptPlace.js';
import { missingText } from '../../domain/missing.js';
import { recoveryText } from '../../domain/recoveries.js';
import { fourWayText } from '../../domain/shrinkage.js';
import { EXIT } from '../../workers/fault.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { gpuUsdText, llmText, signed } from '../summary.js';
import { table } from '../table.js';
import { workerLines, workersOf } from '../workerLines.js';

interface Json {
  readonly json?: boolean;
}

/** The commands that read the store alone: no server is needed. */
export function addViews(program: Command, run: Run): void {
  const reading = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--json', 'data as JSON on stdout')
      .addHelpText('after', example(name === 'list' ? name : `${name} my-search`));
  reading('status', 'state, scores and spend of an exploration')
    .argument('<name>')
    .action((name: string, { json }: Json) =>
      run((context) =>
        show(context, {
          ...{ name, json },
          load: async (store) => {
            const found = await loadExploration(store, name);
            return found === null ? null : { ...statusOf(found), workers: await workersOf(context, found) };
          },
          lines: (view) => [...statusLines(view), ...workerLines(view.workers)],
        }),
      ),
    );
  reading('leaderboard', 'all trials of an exploration, best first')
    .argument('<name>')
    .action((name: string, { json }: Json) =>
      run((context) => show(context, { name, json, load: loadLeaderboard, lines: leaderboardLines })),
    );
  reading('attempts', 'every try of a stage on a worker: how it ended, what it kept and lost')
    .argument('<name>')
    .action((name: string, { json }: Json) =>
      run((context) => show(context, { name, json, load: loadAttempts, lines: attemptLines })),
    );
  reading('list', 'all explorations of this home').action(({ json }: Json) =>
    run((context) => list(context, json)),
  );
}

interface View<T> {
  readonly name: string;
  readonly json: boolean | undefined;
  readonly load: (store: Context['store'], name: string) => Promise<T | null>;
  readonly lines: (view: T, width: number | null) => readonly string[];
}

async function show<T>(context: Context, { name, json, load, lines }: View<T>): Promise<number> {
  await requireKnown(context, name);
  const view = await load(context.store, name);
  if (view === null) return EXIT.failed;
  context.terminal.print(json ? JSON.stringify(view) : lines(view, context.terminal.width).join('\n'));
  return EXIT.ok;
}

async function list({ store, terminal }: Context, json: boolean | undefined): Promise<number> {
  const explorations = await listExplorations(store);
  const rows = explorations.map(({ name, state, trials, best, spend }) => [
    name,
    state,
    String(trials.completed),
    best === null ? '-' : best.score.toFixed(4),
    spend.gpuSeconds.toFixed(0),
  ]);
  const lines = table(['name', 'state', 'trials', 'best', 'GPU-seconds'], rows, terminal.width);
  terminal.print(json ? JSON.stringify({ schemaVersion: 1, explorations }) : lines.join('\n'));
  return EXIT.ok;
}

export function statusLines(view: StatusView): readonly string[] {
  const { trials, base, best, test, spend, saved, recoveries } = view;
  const range = ([low, high]: readonly [number, number]): string => `${low.toFixed(4)} to ${high.toFixed(4)}`;
  return [
    `${view.name}  ${view.state}`,
    `trials      ${String(trials.completed)} completed, ${String(trials.failed)} failed, ${String(trials.running)} running`,
    `base        ${base.score?.toFixed(4) ?? 'not scored yet'}`,
    `counts      ${fourWayText(view.counts)} (without the base)`,
    `best        ${best === null ? 'none yet' : `${best.trial}  ${best.score.toFixed(4)} (${range(best.interval)})`}`,
    ...(test === null
      ? []
      : [
          `test split  base ${test.base.toFixed(4)}, champion ${test.best.toFixed(4)}, gain ${signed(test.difference)} (${range(test.interval)})`,
        ]),
    ...view.missing.map((one) => `missing     ${missingText(one)}`),
    ...view.ending.map((line) => `result      ${line}`),
    ...endFigures(view),
    `spend       ${spend.gpuSeconds.toFixed(1)} GPU-seconds (${spend.lostGpuSeconds.toFixed(1)} lost)${gpuUsdText(spend)}${llmText(spend)}`,
    ...(view.inherited === null
      ? []
      : [`inherited   ${String(view.inherited.trials)} trials of ${view.inherited.explorationId}`]),
    ...view.steering.map(({ text }) => `steering    ${text}`),
    `recovered   ${recoveryText(recoveries) ?? 'nothing was cut short'}`,
    ...rungLines(view),
    ...view.scales.map(
      ({ label, finished, gpuSeconds }) =>
        `scale       ${label}: ${finished ? 'finished' : 'not finished'}, ${gpuSeconds.toFixed(1)} GPU-seconds`,
    ),
    `reuse       ${String(saved.stages)} stages, ${saved.gpuSeconds.toFixed(1)} GPU-seconds saved`,
  ];
}

/** The gain over SFT on all data, what luck explains, and when the test split was opened. */
function endFigures({ gains, shrinkage, openings, test }: StatusView): readonly string[] {
  const over = gains.find((one) => one.over !== 0)?.test ?? null;
  return [
    ...(over === null
      ? []
      : [
          `all data    gain over SFT on all data, test split ${signed(over.value)} (${over.low.toFixed(4)} to ${over.high.toFixed(4)})`,
        ]),
    ...(shrinkage === null
      ? []
      : [
          `shrinkage   search to confirm ${change(shrinkage.searchToConfirm)}, to test ${change(shrinkage.searchToTest)}; ` +
            `luck lifts the best of ${String(shrinkage.candidates)} by up to ${shrinkage.expected.toFixed(4)}`,
        ]),
    ...(test === null ? [] : [`opened      test split: ${openingsText(openings)}`]),
  ];
}

/** A fall is shown as a negative change. */
function change(fall: number | null): string {
  return fall === null ? 'unknown' : signed(-fall);
}

function rungLines({ rungs = [] }: StatusView): readonly string[] {
  return rungs.map(
    ({ lower, higher, n, intervals }) =>
      `rungs       ${String(lower)} and ${String(higher)}: ${String(n)} pipelines on both, ` +
      `rho ${correlationText(intervals?.spearman)}, tau ${correlationText(intervals?.kendall)}`,
  );
}

function attemptLines({ rows }: AttemptsView, width: number | null): readonly string[] {
  return table(
    [
      'trial',
      'stage',
      'attempt',
      'worker',
      'start',
      'end',
      'from',
      'to',
      'kept',
      'lost',
      'GPU-s',
      'lost GPU-s',
    ],
    rows.map((row) => [
      row.trial,
      row.stage,
      String(row.attempt),
      placeText(row),
      row.startedAt,
      row.end,
      ...[row.resumedStep, row.lastStep, row.stepsKept, row.stepsLost].map(String),
      row.gpuSeconds.toFixed(1),
      row.lostGpuSeconds.toFixed(1),
    ]),
    width,
  );
}

function leaderboardLines({ rows }: LeaderboardView, width: number | null): readonly string[] {
  const hasRungs = rows.some(({ fidelity }) => fidelity < 1);
  const data = (cell: string): readonly string[] => (hasRungs ? [cell] : []);
  return table(
    [
      ...['trial', 'score', ...data('data'), 'constraints', 'chance', 'front', 'status', 'action', 'parents'],
      ...['datasets', 'GPU-s'],
    ],
    rows.map((row) => [
      row.trial,
      row.score?.toFixed(4) ?? '-',
      ...data(String(row.fidelity)),
      row.feasible ? 'met' : 'not met',
      row.score === null ? '-' : row.chance.toFixed(2),
      row.fronts.join(', '),
      row.status,
      row.action,
      row.parents.join(' + '),
      row.datasets.join(' + '),
      row.gpuSeconds.toFixed(1),
    ]),
    width,
  );
}
