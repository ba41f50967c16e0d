import { median } from '../../test/kill/item.js';
import { goalTable, type Goal } from '../goals.js';
import { grew, trendOf, type Trend } from './trend.js';
import { FIGURES, type Series } from './watch.js';

export interface Kill {
  readonly fault: string;
  /** Until work went on. */
  readonly seconds: number;
}

export interface Soaked {
  readonly minutes: number;
  readonly kills: readonly Kill[];
  readonly series: Series;
  readonly rows: number;
  readonly objects: number;
  readonly findings: readonly string[];
  /** What kills left in the store, and what is left of that after a sweep. */
  readonly leftovers: readonly string[];
  readonly leftAfterSweep: number;
  /** Processes of the installation after its end. */
  readonly orphans: readonly number[];
}

export function textOf(soaked: Soaked): string {
  const { minutes, kills, rows, objects, findings, leftovers } = soaked;
  const trends = FIGURES.map((figure) => [figure, trendOf(soaked.series[figure])] as const);
  const waits = kills.map(({ seconds }) => seconds);
  const kinds = [...new Set(kills.map(({ fault }) => fault))].sort();
  const counted = kinds.map(
    (kind) => `${kind} ${String(kills.filter(({ fault }) => fault === kind).length)}`,
  );
  return [
    `${String(minutes)} minutes, ${String(kills.length)} kills (${counted.join(', ')}); work went on after ${(median(waits) ?? Number.NaN).toFixed(1)} s ` +
      `(median; longest ${Math.max(...waits).toFixed(1)} s). ${String(rows)} trials, ${String(objects)} objects; the audit finds ${findings.length === 0 ? 'nothing' : findings.slice(0, 3).join('; ')}. ` +
      `Kills left ${String(leftovers.length)} unfinished files or folders in the store, which a sweep takes away (by itself after a day). ` +
      'Read every 5 s; a trend is a line through the means of ten equal parts of the time after the first quarter, with a 95 % interval. Something grew when it gained more than a tenth and the interval excludes 0. ' +
      'Processes that were killed begin anew, as they do on spot machines.',
    trendTable(trends),
    goalTable(goalsOf(soaked, trends)),
  ].join('\n\n');
}

type Named = readonly (readonly [string, Trend])[];

function trendTable(trends: Named): string {
  const lines = trends.map(([figure, { start, gain, low, high }]) => {
    const interval = `${gain.toFixed(1)} (${low.toFixed(1)} … ${high.toFixed(1)})`;
    return `| ${figure} | ${start.toFixed(1)} | ${interval} |`;
  });
  return ['| figure | in the first part | gained until the last |', '| --- | --- | --- |', ...lines].join(
    '\n',
  );
}

function goalsOf({ orphans, findings, leftAfterSweep }: Soaked, trends: Named): readonly Goal[] {
  const growing = trends.filter(([, trend]) => grew(trend)).map(([figure]) => figure);
  const none = { bound: { atMost: 0 }, text: String };
  return [
    {
      what: 'figures that grew',
      value: growing.length,
      ...none,
      cause: `${growing.join(', ')}. In a run of a few minutes caches still fill.`,
    },
    { what: 'processes left at the end', value: orphans.length, ...none, cause: orphans.join(', ') },
    { what: 'leftovers after a sweep', value: leftAfterSweep, ...none, cause: 'The sweep missed some.' },
    { what: 'findings of the audit', value: findings.length, ...none, cause: findings[0] ?? '' },
  ];
}
