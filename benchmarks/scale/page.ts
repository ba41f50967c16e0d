import { MOST_BYTES, MOST_EVENTS } from '../../domain/longHistory.js';
import { goalTable, type Goal } from '../goals.js';
import { STAGES, type Fleet } from './fleet.js';
import type { LongRun } from './long.js';
import { at, meanBetween, perRow, type Sample } from './samples.js';
import type { SideBySide } from './beside.js';

const EFFICIENCY = 0.9;
const MOST_MS = 150;
const MOST_GROWTH = 1.2;
/** The trials around a number that stand for it. */
const AROUND = 100;

export function fleetText(fleets: readonly Fleet[]): string {
  const [build, evaluate] = [STAGES.build, STAGES.evaluate].map((of) => of.join(' to '));
  const lines = fleets.map((one) =>
    row([
      String(one.workers),
      String(one.trials),
      one.wallSeconds.toFixed(0),
      percent(one.efficiency),
      percent(one.drainShare),
      percent(1 - one.efficiency - one.drainShare),
      one.coresBusy.toFixed(2),
    ]),
  );
  return [
    'Real Temporal server, orchestrator, workflows and store; GPU workers whose stages sleep and leave small objects ' +
      `(benchmarks/scale/simulatedGpu.ts), ${build ?? ''} s a build, ${evaluate ?? ''} s an evaluation, uniform by stage id. ` +
      'As many trials in flight as workers. Efficiency is what the stages slept of all worker-seconds between the base’s score and the last ' +
      'trial’s end; publishing, decisions and round trips count as idle. At the end there are fewer trials left than workers. ' +
      'Real stages take minutes to hours, so everything around them weighs less there.',
    [
      row([
        'workers',
        'trials',
        'wall (s)',
        'efficiency',
        'lost at the end',
        'lost between stages',
        'cores busy for server and orchestrator',
      ]),
      row(Array<string>(7).fill('---')),
      ...lines,
    ].join('\n'),
    goalTable(fleets.slice(-1).map(efficiencyGoal)),
  ].join('\n\n');
}

function efficiencyGoal({ workers, efficiency, drainShare, coresBusy }: Fleet): Goal {
  const between = percent(1 - efficiency - drainShare);
  return {
    ...{
      what: `efficiency of ${String(workers)} workers`,
      value: efficiency,
      bound: { atLeast: EFFICIENCY },
    },
    text: percent,
    cause: `${percent(drainShare)} were lost at the end and ${between} between stages, with ${coresBusy.toFixed(2)} cores busy.`,
  };
}

export function longText(run: LongRun): string {
  const { trials, runs, probed, concludeSeconds } = run;
  const places = placesOf(trials);
  return [
    `One exploration of ${String(trials)} trials, one in flight, whose stages take no time; policy \`evolution\`. ` +
      `${probed === null ? 'Nobody asked meanwhile. ' : asked(probed)}` +
      `${String(runs.length)} runs by continue-as-new; their histories as the server counts them: at most ` +
      `${String(Math.max(...runs.map(({ events }) => events)))} events, ${mebibytes(Math.max(...runs.map(({ bytes }) => bytes)))}. ` +
      `From the last trial to the end, with later splits and report: ${concludeSeconds.toFixed(1)} s. ` +
      `The audit of the books finds ${run.findings.length === 0 ? 'nothing' : run.findings.join('; ')}.`,
    costTable(run.samples, places),
    goalTable(longGoals(run, places)),
  ].join('\n\n');
}

function asked({ queries, updates, longestMs, failures }: NonNullable<LongRun['probed']>): string {
  const failed = failures.length === 0 ? 'none failed' : `failed: ${failures.slice(0, 3).join('; ')}`;
  return (
    `Meanwhile it was asked for its status and paused and resumed all the time, through every continue-as-new: ` +
    `${String(queries)} queries and ${String(updates)} updates, the slowest ${(longestMs / 1000).toFixed(1)} s, ${failed}. `
  );
}

type Place = readonly [number, number];

/** The trials around the hundredth, in between, and the last. */
function placesOf(trials: number): readonly Place[] {
  const around = Math.min(AROUND, Math.floor(trials / 4));
  const ends = [0.25, 0.5, 0.75, 1]
    .map((share) => Math.round(share * trials))
    .filter((end) => end > 3 * around);
  return [[around / 2, around * 1.5], ...ends.map((end): Place => [end - around, end])];
}

function costTable(samples: readonly Sample[], places: readonly Place[]): string {
  const lines = places.map(([from, to]) =>
    row([
      `${String(from)} to ${String(to)}`,
      (1000 * perRow(samples, [from, to], 'seconds')).toFixed(0),
      cpuMs(samples, [from, to]).toFixed(0),
      (1000 * perRow(samples, [from, to], 'orchestratorCpu')).toFixed(0),
      (1000 * perRow(samples, [from, to], 'serverCpu')).toFixed(0),
      mebibytes(at(samples, to, 'orchestratorRss')),
      mebibytes(at(samples, to, 'serverRss')),
    ]),
  );
  const head = [
    'trials',
    'wall (ms a trial)',
    'CPU, server and orchestrator (ms a trial)',
    'orchestrator alone',
    'server alone',
    'memory of the orchestrator',
    'of the server',
  ];
  return [row(head), row(Array<string>(7).fill('---')), ...lines].join('\n');
}

/** Of server and orchestrator together. */
function cpuMs(samples: readonly Sample[], place: Place): number {
  return 1000 * (perRow(samples, place, 'orchestratorCpu') + perRow(samples, place, 'serverCpu'));
}

function longGoals(run: LongRun, places: readonly Place[]): readonly Goal[] {
  return [...historyGoals(run), ...costGoals(run, places), ...answerGoals(run)];
}

function historyGoals({ runs }: LongRun): readonly Goal[] {
  const cause = 'A run went on after its hand-over was due.';
  return [
    {
      ...{ what: 'most events of a run', value: Math.max(...runs.map(({ events }) => events)), text: count },
      ...{ bound: { atMost: MOST_EVENTS - 1 }, cause },
    },
    {
      ...{ what: 'largest history of a run', value: Math.max(...runs.map(({ bytes }) => bytes)) },
      ...{ bound: { atMost: MOST_BYTES - 1 }, text: mebibytes, cause },
    },
  ];
}

function costGoals({ samples, trials }: LongRun, places: readonly Place[]): readonly Goal[] {
  const [first = [0, 0], last = first] = [places[0], places.at(-1)];
  const wallMs = (place: Place): number => 1000 * perRow(samples, place, 'seconds');
  const memory = (from: number, to: number): number =>
    meanBetween(samples, [from * trials, to * trials], 'orchestratorRss');
  const around = String((first[0] + first[1]) / 2);
  const growth = { bound: { atMost: MOST_GROWTH }, text: (value: number): string => value.toFixed(2) };
  const cause = 'The table shows which process’s cost grows.';
  return [
    {
      ...{
        what: 'orchestration of a trial, the first ones',
        value: wallMs(first),
        bound: { atMost: MOST_MS },
      },
      text: (ms) => `${ms.toFixed(0)} ms`,
      cause: `${cpuMs(samples, first).toFixed(0)} ms of it are processor time of server and orchestrator, most of it the server's, for some 30 transactions; the rest is waiting for the disk and for polls.`,
    },
    {
      what: `wall time of the last ${String(last[1] - last[0])} trials to those around trial ${around}`,
      ...{ value: wallMs(last) / wallMs(first), ...growth, cause },
    },
    { what: 'their processor time', value: cpuMs(samples, last) / cpuMs(samples, first), ...growth, cause },
    {
      ...{ what: 'memory of the orchestrator, the last tenth to the second', ...growth },
      ...{ value: memory(0.9, 1) / memory(0.1, 0.2), cause: 'Rows that decisions read are kept in memory.' },
    },
  ];
}

function answerGoals({ probed }: LongRun): readonly Goal[] {
  if (probed === null) return [];
  const { failures } = probed;
  return [
    {
      ...{
        what: 'queries and updates that failed',
        value: failures.length,
        bound: { atMost: 0 },
        text: count,
      },
      cause: failures[0] ?? '',
    },
  ];
}

function count(value: number): string {
  return String(Math.round(value));
}

export function besideText(beside: SideBySide, single: LongRun): string {
  const { explorations, trials, wallSeconds, cpuMsPerTrial, rssBytes, firstSeconds, lastSeconds, findings } =
    beside;
  const total = explorations * (trials + 2);
  const alone = 1000 * perRow(single.samples, placesOf(single.trials)[0] ?? [0, 0], 'orchestratorCpu');
  return [
    `${String(explorations)} explorations of ${String(trials)} trials each, begun at once on one orchestrator, stages that take no time: ` +
      `all completed in ${wallSeconds.toFixed(0)} s, ${(total / wallSeconds).toFixed(1)} trials a second. The first had its last trial after ${firstSeconds.toFixed(0)} s, ` +
      `the last after ${lastSeconds.toFixed(0)} s. Memory of the orchestrator at the end: ${mebibytes(rssBytes)}. ` +
      `The audits of their books find ${findings.length === 0 ? 'nothing' : findings.slice(0, 3).join('; ')}.`,
    goalTable([
      {
        what: `orchestrator’s processor time a trial, ${String(explorations)} explorations to one alone`,
        value: cpuMsPerTrial / alone,
        bound: { atMost: MOST_GROWTH },
        text: (value) => value.toFixed(2),
        cause: `${cpuMsPerTrial.toFixed(0)} ms a trial, ${alone.toFixed(0)} ms alone; conclusions and reports are in the former.`,
      },
      {
        what: 'findings of the audits',
        value: findings.length,
        bound: { atMost: 0 },
        text: String,
        cause: findings[0] ?? '',
      },
    ]),
  ].join('\n\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 23 ? 2 : 0)} MiB`;
}
