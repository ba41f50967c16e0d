import { suggestedTypesPrompt } from './suggestions.js';

/** Step 1 of a decision: the type of the next action. */
export function actionTypePrompt(view: {
  readonly digest: string;
  readonly table: string;
  readonly counts: string;
  readonly running: string;
  readonly left: string;
  /** Against repeating one type; empty: nothing. */
  readonly nudge: string;
  /** Types that a sampler proposes, best first; none: there is no sampler. */
  readonly suggested: readonly string[];
  /** One a line: `- merge: model merging; tried 3 times`. */
  readonly options: string;
}): string {
  return `Your notes:
${view.digest === '' ? '(none)' : view.digest}

${view.table}

Counts:
${view.counts}
${view.running}${view.left}

Action types:
${view.options}
${suggestedTypesPrompt(view.suggested)}
Choose the type of the next action. Explore: do not keep repeating one type; a type tried seldom deserves a try.${view.nudge === '' ? '' : `\n${view.nudge}`}`;
}
