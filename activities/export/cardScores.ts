import { evidenceText } from '../../domain/constraintEvidence.js';
import { SPLITS } from '../../domain/plan.js';
import type { Estimate, ExplorationResult, ModelFigures } from '../../domain/result.js';
import { shrinkageText } from '../../domain/shrinkage.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { estimateText, percent, scoreText } from '../report/format.js';
import { markdownTable } from '../spec/generatedDocs.js';

/** The scores of a model card: with intervals on all three splits for the champion, else what the search measured. */
export function scoresPart(found: StoredExploration, row: TrialRecord): readonly string[] {
  const { result } = found;
  return result?.champion === row.trial && result.figures !== undefined
    ? [championTable(result), ...gainLines(result), benchmarkTable(found, row), ...constraintLines(result)]
    : [
        searchTable(found, row),
        'Scored on the search split alone, which chose among many: expect less on new items.',
      ];
}

const INTERVALS =
  'Weighted mean over the benchmarks, in percent, with 95 % intervals over the items. The search chose by *search*; ' +
  'the champion was picked by *confirm*; *test* was opened once, at the end.';

function championTable(result: ExplorationResult): string {
  const rows = (result.figures?.models ?? []).map((model) => [
    modelName(model, result),
    ...SPLITS.map((split) => estimateOrNone(model[split])),
  ]);
  return `${markdownTable(['model', ...SPLITS], rows)}\n\n${INTERVALS}`;
}

function modelName({ trial }: ModelFigures, { champion }: ExplorationResult): string {
  if (trial === champion) return `**this model** (${trialName(trial)})`;
  return trial === 0 ? 'base, untouched' : `SFT on all data (${trialName(trial)})`;
}

function gainLines({ figures, champion }: ExplorationResult): readonly string[] {
  if (figures === undefined) return [];
  const gains = figures.gains.map(({ over, test }) => {
    const other = over === 0 ? 'the base' : 'SFT on all data';
    return `- Gain over ${other} on the test split, item-paired: ${estimateOrNone(test)} points`;
  });
  const luck = shrinkageText(figures, champion);
  return [[...gains, ...(luck === null ? [] : [`- The champion's search score: ${luck}`])].join('\n')];
}

/** Each benchmark on the test split. */
function benchmarkTable({ plan, finals }: StoredExploration, { trial }: TrialRecord): string {
  const on = (of: number) =>
    finals.find(({ split, result }) => split === 'test' && result.trial === of)?.result;
  const rows = plan.benchmarks.map(({ name, metric, weight, splits }) => {
    const [own, base] = [on(trial)?.scores[name], on(0)?.scores[name]];
    return [
      name,
      metric,
      weight === 0 ? 'watched' : String(weight),
      String(splits.test.items),
      scoreText(base?.score ?? null, base?.standardError ?? null),
      scoreText(own?.score ?? null, own?.standardError ?? null),
    ];
  });
  return markdownTable(['benchmark, test split', 'metric', 'weight', 'items', 'base', 'this model'], rows);
}

function constraintLines({ confirmation, champion, figures }: ExplorationResult): readonly string[] {
  const confirm = confirmation.finalists.find(({ trial }) => trial === champion)?.constraints ?? [];
  const lines = [
    ...confirm.map((one) => `- on confirm, ${evidenceText(one)}`),
    ...(figures?.constraintsOnTest ?? []).map((one) => `- on test, ${evidenceText(one)}`),
  ];
  return lines.length === 0 ? [] : [`Constraints:\n\n${lines.join('\n')}`];
}

function searchTable({ plan }: StoredExploration, { scores }: TrialRecord): string {
  const rows = plan.benchmarks.map(({ name, metric }) => {
    const one = scores[name];
    return [name, metric, scoreText(one?.score ?? null, one?.standardError ?? null), String(one?.items ?? 0)];
  });
  return markdownTable(['benchmark, search split', 'metric', 'score ± standard error', 'items'], rows);
}

function estimateOrNone(estimate: Estimate | null): string {
  return estimate === null ? percent(null) : estimateText(estimate);
}
