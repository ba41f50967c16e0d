import type { ConstraintEvidence, ExplorationResult } from '../../domain/result.js';
import { trialName } from '../../domain/trial.js';
import { percent } from './format.js';
import { html, type Markup } from './html.js';
import { scrollable } from './scrolled.js';

interface Line {
  readonly trial: number;
  readonly split: string;
  readonly evidence: ConstraintEvidence;
}

const METHODS = {
  pairedScore: 'Tango, item-paired',
  wilson: 'Wilson',
  bootstrap: 'bootstrap with a worst unit',
} as const;

/** What the items show of each finalist's constraints, and of the champion's on the test split. */
export function constraintsPart({ confirmation, figures, champion }: ExplorationResult): Markup {
  const lines: readonly Line[] = [
    ...confirmation.finalists.flatMap(({ trial, constraints = [] }) =>
      constraints.map((evidence) => ({ trial, split: 'confirm', evidence })),
    ),
    ...(figures?.constraintsOnTest ?? []).map((evidence) => ({ trial: champion, split: 'test', evidence })),
  ];
  if (lines.length === 0) return html``;
  return html`<h3>Constraints</h3>
    <div ${scrollable('Constraints')}>
      <table>
        <caption>
          A constraint is shown when the lower end of its one-sided interval reaches what is needed; in points
        </caption>
        <thead>
          <tr>
            ${['model', 'split', 'benchmark', 'estimate', 'lower limit', 'needed', 'outcome', 'interval'].map(
              (name) => html`<th scope="col">${name}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${lines.map((line) => row(line, champion))}
        </tbody>
      </table>
    </div>`;
}

function row({ trial, split, evidence }: Line, champion: number): Markup {
  const { benchmark, relativeToBase, value, lower, limit, level, method, items, clusters } = evidence;
  const what = relativeToBase ? `${benchmark}, against the base` : benchmark;
  const units = clusters === null ? `${String(items)} items` : `${String(clusters)} clusters`;
  return html`<tr>
    <th scope="row">${trialName(trial)}${trial === champion ? ', champion' : ''}</th>
    <td>${split}</td>
    <td>${what}</td>
    <td>${percent(value)}</td>
    <td>${percent(lower)}</td>
    <td>${percent(limit)}</td>
    <td>${outcome(evidence)}</td>
    <td><small>${METHODS[method]}, ${percent(level)} % one-sided, ${units}</small></td>
  </tr>`;
}

function outcome({ met, shown, limit, lower }: ConstraintEvidence): string {
  if (shown) return 'shown';
  const short = `short by ${percent(limit - lower)}`;
  return met ? `met, not shown: ${short}` : `not met: ${short}`;
}
