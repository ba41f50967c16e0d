import { fidelityText } from './fidelity.js';
import { MOST_BYTES, oneLine } from './markdown.js';
import type { Split } from './plan.js';
import { shortId, type IdentifiedStage } from './stage.js';
import { trialName, type ProposedTrial } from './trial.js';

type Named = Pick<ProposedTrial, 'trial' | 'label' | 'fidelity'>;

/** One line for the timeline of the Web UI. */
export function summaryText(text: string): string {
  return oneLine(text, MOST_BYTES.summary);
}

/** One line for the head of a workflow's page. */
export function staticSummaryText(text: string): string {
  return oneLine(text, MOST_BYTES.staticSummary);
}

/** Kinds of stages that are known by their initials. */
const INITIALS = /^(sft|dpo|kto|orpo|cpo|rft|grpo)\b/;

/** A trial's label as people write it: `DPO beta=0.1 on t0007: terse`. */
export function readableLabel(label: string): string {
  return label.replace(INITIALS, (kind) => kind.toUpperCase());
}

/** `t0009 DPO beta=0.1 on t0007: terse`, with its share of the data on a lower rung. */
export function trialSummary(trial: Named): string {
  return `${trialName(trial.trial)} ${readableLabel(trial.label)}${fidelityText(trial)}`;
}

/** Of a training or merge: the trial's own, or one that was collected and is made again. */
export function buildSummary(proposed: ProposedTrial, { stage, stageId }: IdentifiedStage): string {
  if (stageId === proposed.stageId) return summaryText(trialSummary(proposed));
  return summaryText(
    `${trialName(proposed.trial)} rebuild ${readableLabel(stage.kind)} ${shortId(stageId)}, which it builds on`,
  );
}

/** `score t0007 on maths/search, style/search`; without a split where it isn't known. */
export function scoreSummary(trial: number, benchmarks: readonly string[], split: Split | null): string {
  const on = benchmarks.map((name) => (split === null ? name : `${name}/${split}`)).join(', ');
  return summaryText(`score ${trialName(trial)} on ${on}`);
}
