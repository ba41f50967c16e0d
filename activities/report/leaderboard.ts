import {
  comparisonsWithBest,
  isIndistinguishable,
  type Comparison,
  type Comparisons,
} from '../../domain/comparison.js';
import { COST } from '../../domain/pareto.js';
import { trialNumber } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { leaderboardOf, type LeaderboardRow } from '../ledger/views.js';
import { clipped, durationText, estimateText, percent, settingsText } from './format.js';
import { html, type Markup } from './html.js';
import { scrolled } from './scrolled.js';

const LONGEST_SETTINGS = 160;

/** A column: what it is called, how it sorts, and what stands in it. `sort` is the value it sorts by where the text won't do. */
interface Column {
  readonly name: string;
  readonly order: 'number' | 'text';
  readonly cell: (row: LeaderboardRow) => Markup;
  readonly sort?: (row: LeaderboardRow) => number | null;
}

/** All trials, best first; feasible ones before the others. Complete without scripts, sorted and filtered with them. */
export function leaderboardSection(
  found: StoredExploration,
  comparisons: Comparisons | null = comparisonsWithBest(found.rows, new Map()),
): Markup {
  const { rows } = leaderboardOf(found);
  const columns = columnsOf(found, rows, comparisons);
  const nearBest = rows.filter((row) => isNear(row, comparisons));
  return html`<section aria-labelledby="leaderboard">
    <h2 id="leaderboard">Leaderboard (search split)</h2>
    ${nearBest.length === 0 ? html`` : html`<p>${nearText(nearBest)}</p>`} ${tools()}
    ${scrolled(
      'Leaderboard',
      html`<table id="board">
        <thead>
          <tr>
            <th scope="col" data-sort="text">trial</th>
            ${columns.map(({ name, order }) => html`<th scope="col" data-sort="${order}">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => tableRow(row, columns, isNear(row, comparisons)))}
        </tbody>
      </table>`,
    )}
    ${notes(comparisons)}
  </section>`;
}

function nearText(near: readonly LeaderboardRow[]): string {
  const feasible = near.filter((row) => row.feasible).length;
  return `Not distinguishable from the best (≈): ${String(near.length)} trials, of which ${String(feasible)} meet the constraints.`;
}

/** Shown by the script, which makes them work. */
function tools(): Markup {
  return html`<form id="board-tools" class="tools" hidden>
    <label
      >Filter <input id="board-text" type="search" placeholder="e.g. merge t0007" autocomplete="off"
    /></label>
    <label><input id="board-met" type="checkbox" /> constraints met</label>
    <label><input id="board-near" type="checkbox" /> best and not distinguishable from it</label>
    <p id="board-said" role="status"></p>
  </form>`;
}

function columnsOf(
  found: StoredExploration,
  board: readonly LeaderboardRow[],
  comparisons: Comparisons | null,
): readonly Column[] {
  const varying = varyingOf(board);
  const rungs: Column = { name: 'data', order: 'number', cell: ({ fidelity }) => html`${fidelity}` };
  return [
    { name: 'score [95 %]', order: 'number', cell: scoreCell, sort: ({ score }) => score },
    {
      name: 'difference to the best [95 %]',
      order: 'number',
      cell: (row) => differenceCell(row, comparisons),
      sort: (row) =>
        isBest(row, comparisons) ? 0 : (comparisonOf(row, comparisons)?.difference.value ?? null),
    },
    ...found.plan.benchmarks.map(({ name }): Column => ({
      name: clipped(name, 60),
      order: 'number',
      cell: ({ scores }) => html`${percent(scores[name] ?? null)}`,
    })),
    ...(found.plan.fidelity === undefined ? [] : [rungs]),
    {
      name: 'constraints (chance)',
      order: 'number',
      cell: (row) => html`${constraintsText(row)}`,
      sort: ({ score, feasible, chance }) => (score === null ? null : Number(feasible) + chance),
    },
    {
      name: 'front',
      order: 'text',
      cell: ({ fronts }) =>
        html`${fronts.map((name) => (name === COST ? 'cost' : clipped(name, 60))).join(', ')}`,
    },
    {
      name: 'action',
      order: 'text',
      cell: ({ action, parameters }) => {
        const settings = Object.entries(parameters).filter(([name]) => varying.has(`${action} ${name}`));
        return html`${action}
          <small>${clipped(settingsText(Object.fromEntries(settings)), LONGEST_SETTINGS)}</small>`;
      },
    },
    {
      name: 'built on',
      order: 'text',
      cell: ({ parents, datasets }) =>
        html`${clipped([...parents, ...datasets].join(', '), LONGEST_SETTINGS)}`,
    },
    {
      name: 'GPU',
      order: 'number',
      cell: ({ gpuSeconds }) => html`${durationText(gpuSeconds)}`,
      sort: ({ gpuSeconds }) => gpuSeconds,
    },
  ];
}

/** `<action> <parameter>` where trials of the action differ in it; each trial's section has all of them. */
function varyingOf(rows: readonly LeaderboardRow[]): ReadonlySet<string> {
  const first = new Map<string, unknown>();
  const varying = new Set<string>();
  for (const { action, parameters } of rows)
    for (const [name, value] of Object.entries(parameters)) {
      const key = `${action} ${name}`;
      if (first.has(key) && first.get(key) !== value) varying.add(key);
      else first.set(key, value);
    }
  return varying;
}

function tableRow(row: LeaderboardRow, columns: readonly Column[], near: boolean): Markup {
  return html`<tr data-met="${row.feasible ? 1 : 0}" data-near="${near ? 1 : 0}">
    <th scope="row"><a href="#${row.trial}">${row.trial}</a></th>
    ${columns.map(({ cell, sort }) =>
      sort === undefined
        ? html`<td>${cell(row)}</td>`
        : html`<td data-v="${shortest(sort(row))}">${cell(row)}</td>`,
    )}
  </tr>`;
}

function shortest(value: number | null): string {
  return value === null ? '' : String(Number(value.toPrecision(6)));
}

function scoreCell(row: LeaderboardRow): Markup {
  if (row.score === null) return html`${row.status}`;
  const interval = row.interval === null ? '' : ` [${percent(row.interval[0])}, ${percent(row.interval[1])}]`;
  return html`${percent(row.score)}${interval}`;
}

function isBest({ trial }: LeaderboardRow, comparisons: Comparisons | null): boolean {
  return comparisons !== null && trialNumber(trial) === comparisons.best;
}

function comparisonOf({ trial }: LeaderboardRow, comparisons: Comparisons | null): Comparison | null {
  return comparisons?.byTrial.get(trialNumber(trial) ?? -1) ?? null;
}

/** Not distinguishable from the best. */
function isNear(row: LeaderboardRow, comparisons: Comparisons | null): boolean {
  const comparison = comparisonOf(row, comparisons);
  return comparison !== null && isIndistinguishable(comparison);
}

function differenceCell(row: LeaderboardRow, comparisons: Comparisons | null): Markup {
  if (isBest(row, comparisons)) return html`<b>best</b>`;
  const comparison = comparisonOf(row, comparisons);
  if (comparison === null) return html`–`;
  const sign = isIndistinguishable(comparison)
    ? html`<abbr title="not distinguishable from the best">≈</abbr> `
    : html``;
  return html`${sign}${estimateText(comparison.difference)}${comparison.isPaired ? html` <small>paired</small>` : html``}`;
}

function constraintsText({ score, feasible, chance, constraints }: LeaderboardRow): string {
  if (score === null) return '–';
  if (constraints.length === 0) return feasible ? 'none' : 'not met';
  return `${feasible ? 'met' : 'not met'} (${chance.toFixed(2)})`;
}

function notes(comparisons: Comparisons | null): Markup {
  const all = [...(comparisons?.byTrial.values() ?? [])];
  const paired = all.filter(({ isPaired }) => isPaired).length;
  return html`<p class="note">
    Difference to the best: of the scores in points, on the search split. ≈: the interval holds 0, so these
    items cannot tell the two apart. Compared item by item (paired bootstrap): ${paired}; by their standard
    errors, as if the items were independent, which gives a wider interval and tells fewer apart:
    ${all.length - paired}. The best is the best of many on these very items, so its lead flatters.
    Constraints: met by the point estimates or not, and the chance that all are met (normal approximation,
    item-paired). Front: no other trial is at least as good in score and in this, and better in one of them.
  </p>`;
}
