import { fidelityText } from './fidelity.js';
import { cell, markdownTable, MOST_BYTES, withinBytes } from './markdown.js';
import type { FailureStatus } from './outcome.js';
import type { Plan, Split } from './plan.js';
import { weightedMean, type Weighted } from './ranking.js';
import { shortId } from './stage.js';
import { readableLabel } from './summaries.js';
import { trialName, type ProposedTrial, type StageCost, type TrialResult } from './trial.js';

/** How far a trial's workflow is. */
export interface TrialProgress {
  /** What is done now, e.g. `making DPO`. */
  readonly doing: string;
  /** Stages that had to be made, and how many of them are there. */
  readonly stages: number;
  readonly made: number;
}

const LONGEST_MESSAGE = 4000;

/** What a person can do about a trial without a score. */
export const FAILURE_ADVICE: Readonly<Record<FailureStatus, string>> = {
  diverged:
    'A loss, gradient or weight was not finite any more. The search goes on; where many diverge, allow smaller learning rates.',
  outOfMemory:
    'It fits no worker, even in the smallest micro-batch. Allow `tuning: lora` or `qlora` or a smaller `maxLength`, or give a larger class of workers (docs/devices.md).',
  rejected:
    'Its data or settings can never work, as the message says: mend them in the spec. A retry fails in the same way.',
  crashed:
    'It stopped several times without a new checkpoint, or a job failed in a way that was not foreseen. Look at its attempts and the logs of its workers, then have it tried again.',
};

/** What a trial is, for the head of its page: fixed at its start. `split`: null in a scale study. */
export function trialStaticDetails(plan: Plan, proposed: ProposedTrial, split: Split | null): string {
  const { action, stageId } = proposed;
  const names = new Map(plan.models.map((model) => [model.stageId, model.name]));
  const on = (action?.models ?? []).map((id) => names.get(id) ?? shortId(id));
  const rows = [
    ['exploration', `${cell(plan.name)}, seed ${plan.seed}`],
    reasonRow(proposed, split),
    ...(action === null ? [] : [['action', action.kind]]),
    ...(on.length === 0 ? [] : [['on stages', on.join(' + ')]]),
    ...(action === null || action.datasets.length === 0
      ? []
      : [['data', cell(`${action.datasets.join(', ')}${fidelityText(proposed)}`)]]),
    ...Object.entries(action?.parameters ?? {}).map(([name, value]) => [name, cell(String(value))]),
    [
      'scored on',
      `${plan.benchmarks.map(({ name }) => cell(name)).join(', ')}${split === null ? '' : ` (${split})`}`,
    ],
    ['stage', shortId(stageId)],
  ];
  const lines = [
    `**${head(proposed)}**`,
    '',
    ...markdownTable(['', ''], rows),
    '',
    moreOf(plan.name, proposed),
  ];
  return withinBytes(lines.join('\n'), MOST_BYTES.details);
}

/** A running trial's current details. */
export function trialDetails(proposed: ProposedTrial, { doing, stages, made }: TrialProgress): string {
  const of = stages === 0 ? '' : `; ${String(made)} of ${String(stages)} stages made`;
  return `**${head(proposed)}** ${doing}${of}`;
}

/** A trial's current details at its end: scores, or what failed, why, and what to do. */
export function endedTrialDetails(
  exploration: string,
  proposed: ProposedTrial,
  result: TrialResult,
  benchmarks: readonly Weighted[],
): string {
  const { status, message } = result;
  const said = message === '' ? [] : ['', cell(message, LONGEST_MESSAGE)];
  const lines =
    status === 'completed'
      ? [
          `**${head(proposed)}** completed${scoreText(result, benchmarks)}`,
          ...said,
          '',
          ...scoreTable(result),
        ]
      : [
          `**${head(proposed)}** failed: **${status}**`,
          ...said,
          '',
          `What to do: ${FAILURE_ADVICE[status]}`,
          '',
          `Try it again while the search runs: \`npx lamdagent retry ${exploration} ${trialName(proposed.trial)}\`.`,
        ];
  const all = [...lines, '', costLine(result.stages), '', moreOf(exploration, proposed)];
  return withinBytes(all.join('\n'), MOST_BYTES.details);
}

function head({ trial, label }: ProposedTrial): string {
  return `${trialName(trial)} ${cell(readableLabel(label))}`;
}

/** Why it runs. What is scored on a later split keeps nothing of how it was proposed. */
function reasonRow(proposed: ProposedTrial, split: Split | null): readonly [string, string] {
  if (split === 'confirm')
    return ['why', 'scored on items that the search never saw, to choose the champion'];
  if (split === 'test') return ['why', 'scored on the test split, which is opened once, at the end'];
  return ['proposed by', originWords(proposed)];
}

function originWords({ origin, decision, intervention, retryOf, promotes }: ProposedTrial): string {
  switch (origin) {
    case 'base':
      return 'nobody: the untouched base is scored first';
    case 'allData':
      return 'nobody: the baseline "SFT on all data"';
    case 'policy':
      return decision === null ? 'the policy' : `the policy, decision ${String(decision)}`;
    case 'promotion':
      return `its success on less data${promotes === undefined ? '' : ` as ${trialName(promotes)}`}`;
    case 'proposed':
      return `a person${intervention === undefined ? '' : `, act ${String(intervention)}`}${retryOf === undefined ? '' : `: ${trialName(retryOf)} again`}`;
    case 'inherited':
      return 'another exploration';
  }
}

function scoreText({ scores }: TrialResult, benchmarks: readonly Weighted[]): string {
  const mean = weightedMean({ benchmarks }, scores);
  return mean === null ? '' : `: score ${mean.score.toFixed(4)} ± ${mean.standardError.toFixed(4)}`;
}

function scoreTable({ scores }: TrialResult): readonly string[] {
  const rows = Object.entries(scores).map(([name, { score, standardError, items, missing = 0 }]) => [
    cell(name),
    `${score.toFixed(4)} ± ${standardError.toFixed(4)}`,
    `${String(items)}${missing === 0 ? '' : `, ${String(missing)} without a score`}`,
  ]);
  return markdownTable(['benchmark', 'score ± SE', 'items'], rows);
}

function costLine(stages: readonly StageCost[]): string {
  const paid = stages.filter(({ reused }) => !reused);
  const sum = (of: (stage: StageCost) => number): number => paid.reduce((total, one) => total + of(one), 0);
  const tries = sum(({ attempts }) => attempts.length);
  const lost = sum(({ lostGpuSeconds }) => lostGpuSeconds);
  return (
    `${sum(({ gpuSeconds }) => gpuSeconds).toFixed(1)} GPU-seconds in ${String(tries)} attempts` +
    `${lost > 0 ? `, ${lost.toFixed(1)} of them lost` : ''}; ${String(stages.length - paid.length)} stages reused`
  );
}

function moreOf(exploration: string, { trial }: ProposedTrial): string {
  return `Why it was proposed, its recipe and attempts: \`npx lamdagent show ${exploration} ${trialName(trial)}\`.`;
}
