import type { Evaluator } from '../../domain/outcome.js';
import type { StoredExploration } from '../ledger/read.js';
import { html, type Markup } from './html.js';

/** What every score was measured with, by benchmark and split; more than one line for a split: scores do not compare. */
export function evaluatorEntries(found: StoredExploration): readonly Markup[] {
  return evaluatorsOf(found).map(
    ({ benchmark, split, evaluator, scores }) =>
      html`<dt>Scores of ${benchmark}, ${split} split (${scores})</dt>
        <dd>${evaluatorText(evaluator)}</dd>`,
  );
}

export interface Measured {
  readonly benchmark: string;
  readonly split: string;
  readonly evaluator: Evaluator;
  /** How many scores name it. */
  readonly scores: number;
}

export function evaluatorsOf({ rows, finals }: StoredExploration): readonly Measured[] {
  const results = [
    ...rows.map((result) => ({ split: 'search', result })),
    ...finals.map(({ split, result }) => ({ split, result })),
  ];
  const found = new Map<string, Measured>();
  for (const { split, result } of results)
    for (const [benchmark, { evaluator }] of Object.entries(result.scores)) {
      if (evaluator === undefined) continue; // rows of 0.1
      const key = JSON.stringify([benchmark, split, evaluatorText(evaluator)]);
      const scores = (found.get(key)?.scores ?? 0) + 1;
      found.set(key, { benchmark, split, evaluator, scores });
    }
  return [...found.values()];
}

function evaluatorText({ benchmarkSha256, templateSha256, generationSha256 }: Evaluator): string {
  const short = (hash: string): string => hash.slice(0, 16);
  const template = templateSha256 === null ? 'none' : short(templateSha256);
  return `items ${short(benchmarkSha256)}, template ${template}, generation ${short(generationSha256)}`;
}
