import { evidenceText } from './constraintEvidence.js';
import type { Confirmation, ConstraintEvidence, Estimate, ExplorationResult } from './result.js';
import { trialName } from './trial.js';

/** The champion's constraints that the confirm split does not show; empty when the base is kept. */
export function notShown({ champion, finalists }: Confirmation): readonly ConstraintEvidence[] {
  const chosen = finalists.find(({ trial }) => trial === champion);
  return (chosen?.constraints ?? []).filter(({ shown }) => !shown);
}

/** `improved` only when the constraints are shown on confirm and the paired interval on test lies above 0. */
export function verdictOf(confirmation: Confirmation, difference: Estimate): ExplorationResult['verdict'] {
  if (confirmation.champion === 0) return 'baseKept';
  if (notShown(confirmation).length > 0) return 'constraintNotShown';
  return difference.low > 0 ? 'improved' : 'notShown';
}

/** The end of an exploration in one sentence: headline of the report, the Web UI and the command line. */
export function verdictText({ verdict, champion, confirmation, test }: ExplorationResult): string {
  const name = trialName(champion);
  switch (verdict) {
    case 'improved':
      return `${name} improves on the base`;
    case 'notShown':
      return `${name} was chosen, but a gain over the base is not shown`;
    case 'constraintNotShown': {
      const names = notShown(confirmation).map(({ benchmark }) => benchmark);
      const gain = test.difference.low > 0 ? 'gains over the base' : 'was chosen';
      return `${name} ${gain}, but it is not shown to keep ${names.join(' and ')}`;
    }
    case 'baseKept':
      return 'no improvement found, the base is kept';
  }
}

/** A line for each of the champion's constraints that is not shown: which one, and by how much. */
export function notShownLines({ confirmation }: ExplorationResult): readonly string[] {
  return notShown(confirmation).map((one) => `constraint not shown: ${evidenceText(one)}`);
}
