import type { StoredExploration } from '../../activities/ledger/read.js';
import { leaderboardOf, statusOf, type LeaderboardRow } from '../../activities/ledger/views.js';
import type { ConstraintEvidence, Estimate, ExplorationResult } from '../../domain/result.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import { verdictText } from '../../domain/verdict.js';

export type Finished = StoredExploration & { readonly result: ExplorationResult };

/** The section of the page: what was searched, every trial, and the base beside SFT on all data and the champion. */
export function textOf(found: Finished, threads: number): string {
  return [
    introduction(found, threads),
    '**Every trial, on the search split**',
    trialTable(found),
    '**The base, SFT on all data and the champion**',
    modelTable(found),
    endText(found),
  ].join('\n\n');
}

function introduction(found: Finished, threads: number): string {
  const { plan } = found;
  const { spend, lost } = costsOf(found);
  const items = plan.benchmarks
    .map(
      ({ name, splits }) =>
        `${name} ${numbers([splits.search.items, splits.confirm.items, splits.test.items])}`,
    )
    .join(', ');
  const guards = plan.benchmarks.filter(({ weight }) => weight === 0).map(({ name }) => name);
  return (
    'SmolLM2-135M-Instruct (from its 4-bit file, then float32; 135 million parameters) learns to correct misspelt words, ' +
    'to write dates in ISO 8601 and lengths of time in minutes, by LoRA SFT, LoRA DPO and merging. The score is the mean share of exact ' +
    `answers of the three; ${guards.join(', ')} is the guard (whole sentences on a topic), a constraint. ` +
    `Items by search, confirm and test: ${items}. ` +
    `Policy ${plan.policy}, seed ${plan.seed}, one GPU worker on the CPU with ${String(threads)} threads: ${minutesOf(found)} minutes from start to end, ` +
    `${spend.toFixed(0)} GPU-seconds${lost > 0 ? `, ${lost.toFixed(0)} of them lost by kills` : ''}. Scores in percent, intervals 95 %.`
  );
}

function costsOf(found: Finished): { readonly spend: number; readonly lost: number } {
  const { spend } = statusOf(found);
  return { spend: spend.gpuSeconds, lost: spend.lostGpuSeconds };
}

function minutesOf({ pointer, result }: Finished): string {
  return ((Date.parse(result.endedAt) - Date.parse(pointer.startedAt)) / 60_000).toFixed(0);
}

function trialTable(found: Finished): string {
  const { plan, rows } = found;
  const names = plan.benchmarks.map(({ name }) => name);
  const labels = new Map(rows.map((row) => [trialName(row.trial), labelOf(row)]));
  const line = (row: LeaderboardRow): readonly string[] => [
    row.trial,
    labels.get(row.trial) ?? '',
    row.score === null ? row.status : `${percent(row.score)}${interval(row.interval)}`,
    ...names.map((name) => (row.scores[name] === undefined ? '' : percent(row.scores[name]))),
    row.feasible ? 'yes' : 'no',
    row.gpuSeconds.toFixed(0),
  ];
  return table(
    ['trial', 'last step of the pipeline', 'score', ...names, 'keeps the guard', 'GPU-seconds'],
    leaderboardOf(found).rows.map(line),
  );
}

function labelOf({ label }: TrialRecord): string {
  return label.replaceAll('|', '\\|');
}

/** Scores by split, and the champion's gains over the other two on the same items. */
function modelTable(found: Finished): string {
  const { figures, champion } = found.result;
  const names = new Map([
    ...(figures?.gains ?? []).map(({ over }) => [over, over === 0 ? 'base' : 'SFT on all data'] as const),
    [0, champion === 0 ? 'base (kept)' : 'base'] as const,
  ]);
  const nameOf = (trial: number): string =>
    names.get(trial) ?? (trial === champion ? 'champion' : 'SFT on all data');
  const scores = (figures?.models ?? []).map((model) => [
    `${nameOf(model.trial)} (${trialName(model.trial)})`,
    ...[model.search, model.confirm, model.test].map(estimate),
  ]);
  const gains = (figures?.gains ?? []).map((gain) => [
    `champion minus ${nameOf(gain.over)}`,
    ...[gain.search, gain.confirm, gain.test].map(signedEstimate),
  ]);
  return [table(['', 'search', 'confirm', 'test'], [...scores, ...gains]), testTable(found)].join('\n\n');
}

/** Each benchmark on the test split, of every model that was tested. */
function testTable({ plan, finals }: Finished): string {
  const names = plan.benchmarks.map(({ name }) => name);
  const tested = finals.filter(({ split }) => split === 'test').map(({ result }) => result);
  return table(
    ['test split', ...names],
    tested
      .sort((a, b) => a.trial - b.trial)
      .map(({ trial, scores }) => [
        trialName(trial),
        ...names.map((name) => (scores[name] === undefined ? '' : percent(scores[name].score))),
      ]),
  );
}

function endText({ result }: Finished): string {
  const { confirmation, champion, figures } = result;
  const chosen = confirmation.finalists.find(({ trial }) => trial === champion);
  return [
    `${sentence(verdictText(result))} Ended: ${result.stoppedBecause}.`,
    ...(chosen?.constraints ?? []).map((one) => evidence(one, 'confirm')),
    ...(figures?.constraintsOnTest ?? []).map((one) => evidence(one, 'test')),
  ].join(' ');
}

function evidence(one: ConstraintEvidence, split: string): string {
  const what = one.relativeToBase ? `${one.benchmark} minus the base's` : one.benchmark;
  return (
    `${what} on ${split}: ${signed(one.value)}, at least ${signed(one.lower)} (one-sided ${String(one.level * 100)} %), ` +
    `${signed(one.limit)} is allowed: ${one.shown ? 'shown' : '**not shown**'}.`
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function numbers(values: readonly number[]): string {
  return values.join('/');
}

function sentence(text: string): string {
  return `**${text}**.`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function signed(share: number): string {
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
}

function interval(ends: readonly [number, number] | null): string {
  return ends === null ? '' : ` (${percent(ends[0])} … ${percent(ends[1])})`;
}

function estimate(one: Estimate | null): string {
  return one === null ? '' : `${percent(one.value)}${interval([one.low, one.high])}`;
}

function signedEstimate(one: Estimate | null): string {
  return one === null ? '' : `${signed(one.value)} (${signed(one.low)} … ${signed(one.high)})`;
}
