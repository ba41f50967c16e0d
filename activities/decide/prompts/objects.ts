import { suggestedObjectsPrompt } from './suggestions.js';

/** Step 2 of a decision: all objects of the action at once. */
export function objectsPrompt(view: {
  readonly digest: string;
  readonly table: string;
  readonly running: string;
  readonly left: string;
  /** `merge (model merging)`. */
  readonly action: string;
  /** One a line: `- m1: base > sft(alpha); score 0.41±0.02`. */
  readonly models: string;
  readonly modelCount: string;
  /** One a line: `- d1: alpha, 1200 rows`; empty for actions without data. */
  readonly datasets: string;
  /** One a line: `- steps: one of 40, 80 (optimiser steps)`; empty when there is nothing to choose. */
  readonly parameters: string;
  /** What a sampler proposes, in the ids of these lists, best first; none: there is no sampler. */
  readonly suggested: readonly string[];
}): string {
  const section = (title: string, text: string): string => (text === '' ? '' : `\n${title}:\n${text}\n`);
  return `Your notes:
${view.digest === '' ? '(none)' : view.digest}

${view.table}
${view.running}${view.left}

Next action: ${view.action}.
${section(`Models, choose ${view.modelCount}`, view.models)}${section('Datasets', view.datasets)}${section('Parameters', view.parameters)}${suggestedObjectsPrompt(view.suggested)}
Choose everything for this action. Explore: prefer combinations unlike those tried.`;
}
