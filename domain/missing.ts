import type { TrialResult } from './trial.js';

/** Items of one benchmark that have no score, over all evaluations: judgements that could not be had. */
export interface MissingScores {
  readonly benchmark: string;
  readonly items: number;
  readonly evaluations: number;
}

/** By benchmark, where there are any. An evaluation that several results name counts once. */
export function missingScores(results: readonly Pick<TrialResult, 'scores'>[]): readonly MissingScores[] {
  const seen = new Set<string>();
  const found = new Map<string, MissingScores>();
  for (const { scores } of results)
    for (const [benchmark, { stageId, missing = 0 }] of Object.entries(scores)) {
      if (missing === 0 || seen.has(stageId)) continue;
      seen.add(stageId);
      const { items, evaluations } = found.get(benchmark) ?? { items: 0, evaluations: 0 };
      found.set(benchmark, { benchmark, items: items + missing, evaluations: evaluations + 1 });
    }
  return [...found.values()];
}

/** For people; missing is not 0. */
export function missingText({ benchmark, items, evaluations }: MissingScores): string {
  const of = evaluations === 1 ? '1 evaluation' : `${String(evaluations)} evaluations`;
  return `${benchmark}: ${String(items)} items without a judgement in ${of}, left out of its scores`;
}
