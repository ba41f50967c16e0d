import { csvText, type Cell } from '../../domain/csv.js';
import type { Comparisons } from '../../domain/comparison.js';
import { RECIPE_VERSIONS } from '../../domain/stage.js';
import { trialNumber } from '../../domain/trial.js';
import { attemptsOf, type AttemptRow } from '../ledger/attempts.js';
import type { StoredExploration } from '../ledger/read.js';
import { searchOf } from '../ledger/search.js';
import type { Drawn } from './curves.js';
import { curvesCsv, pointsFor } from './curvesCsv.js';
import { leaderboardOf, statusOf, type LeaderboardRow } from '../ledger/views.js';
import { escapeText, html, type Markup } from './html.js';

/** What the page has made of the ledger. */
export interface Derived {
  readonly comparisons: Comparisons | null;
  readonly drawn: readonly Drawn[];
}

/** The figures of the page as files that lie inside it: links work without scripts and without a network. */
export function downloads(found: StoredExploration, { comparisons, drawn }: Derived): Markup {
  const { explorationId } = found.plan;
  return html`<ul>
    ${download(`${explorationId}.json`, 'application/json', jsonOf(found), 'plan, figures, leaderboard and decisions, as JSON')}
    ${download(`${explorationId}-trials.csv`, 'text/csv', trialsCsv(found, comparisons), 'trials, as CSV')}
    ${download(`${explorationId}-attempts.csv`, 'text/csv', attemptsCsv(attemptsOf(found)), 'attempts, as CSV')}
    ${drawn.length === 0 ? html`` : curvesDownload(found, drawn)}
  </ul>`;
}

function curvesDownload({ plan, rows }: StoredExploration, drawn: readonly Drawn[]): Markup {
  const most = pointsFor(drawn.length, rows.length);
  const isThinned = drawn.some(({ curve }) => curve.step.length > most);
  const meaning = `learning curves, as CSV${isThinned ? `, at most ${String(most)} points a training; \`lamdagent show NAME TRIAL --json\` has more` : ''}`;
  return download(`${plan.explorationId}-curves.csv`, 'text/csv', curvesCsv(drawn, most), meaning);
}

function download(file: string, type: string, text: string, meaning: string): Markup {
  return html`<li>
    <a download="${file}" href="data:${type}${dataOf(text)}">${file}</a>: ${meaning}
    (${sizeText(Buffer.byteLength(text))})
  </li>`;
}

/** Plain text as it is where that takes less room on the page: numbers between commas do. */
function dataOf(text: string): string {
  const base64 = `;base64,${Buffer.from(text).toString('base64')}`;
  if (!/^[\x20-\x7e\r\n]*$/.test(text)) return base64;
  const escaped = `,${encodeURI(text).replaceAll('#', '%23')}`;
  return escapeText(escaped).length < base64.length ? escaped : base64;
}

function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Shapes as `lamdagent status`, `leaderboard` and `attempts` give them with `--json`. */
function jsonOf(found: StoredExploration): string {
  const { plan } = found;
  return JSON.stringify({
    schemaVersion: 1,
    ...{ recipeVersions: RECIPE_VERSIONS, plan },
    ...{ status: statusOf(found), leaderboard: leaderboardOf(found), search: searchOf(found) },
    decisions: found.decisions.map(({ decision, policy, reason, fallback, proposed }) => ({
      ...{ decision, policy, reason, fallback, trial: proposed.trial },
    })),
    result: found.result,
  });
}

function trialsCsv(found: StoredExploration, comparisons: Comparisons | null): string {
  const { rows } = leaderboardOf(found);
  const benchmarks = found.plan.benchmarks.map(({ name }) => name);
  const parameters = [...new Set(rows.flatMap((row) => Object.keys(row.parameters)))];
  const header = [
    ...['trial', 'status', 'origin', 'action', 'models', 'datasets', 'fidelity'],
    ...['score', 'low', 'high', 'differenceToBest', 'differenceLow', 'differenceHigh', 'itemPaired'],
    ...benchmarks.map((name) => `score ${name}`),
    ...['feasible', 'chance', 'gpuSeconds', 'pipelineGpuSeconds', 'fronts'],
    ...parameters.map((name) => `parameter ${name}`),
    ...['stageId', 'weightsSha256'],
  ];
  return csvText(
    header,
    rows.map((row) => [
      ...[row.trial, row.status, row.origin, row.action, row.parents.join(' + '), row.datasets.join(' + ')],
      ...[row.fidelity, row.score, row.interval?.[0] ?? null, row.interval?.[1] ?? null],
      ...differenceCells(row, comparisons),
      ...benchmarks.map((name) => row.scores[name] ?? null),
      ...[row.feasible, row.chance, row.gpuSeconds, row.pipelineGpuSeconds, row.fronts.join(' ')],
      ...parameters.map((name) => plain(row.parameters[name])),
      ...[row.stageId, row.weightsSha256],
    ]),
  );
}

function differenceCells({ trial }: LeaderboardRow, comparisons: Comparisons | null): readonly Cell[] {
  const of = comparisons?.byTrial.get(trialNumber(trial) ?? -1);
  if (of === undefined) return [null, null, null, null];
  const { value, low, high } = of.difference;
  return [value, low, high, of.isPaired];
}

function plain(value: unknown): Cell {
  if (value === undefined || value === null) return null;
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
}

const ATTEMPT_COLUMNS = [
  ...['trial', 'stage', 'stageId', 'attempt', 'worker', 'device', 'startedAt', 'endedAt', 'end', 'reason'],
  ...['resumedStep', 'lastStep', 'stepsKept', 'stepsLost', 'gpuSeconds', 'lostGpuSeconds'],
] as const satisfies readonly (keyof AttemptRow)[];

function attemptsCsv(rows: readonly AttemptRow[]): string {
  return csvText(
    ATTEMPT_COLUMNS,
    rows.map((row) => ATTEMPT_COLUMNS.map((name) => row[name])),
  );
}
