/**
 * When a training row counts as a copy of an evaluation item:
 * - its question stands in the row, the same to the letter (`exact`) or but for case, spacing and punctuation
 *   (`normalised`), whatever the row answers; or
 * - both its question and one of its answers stand in the row but for a few words (`ngram`): at least `threshold` of
 *   the question's 5-grams, of these at least `threshold` of those that no other question has (all 5-grams where it
 *   has none such), and at least `threshold` of the answer's 3-grams in what the row teaches to say.
 * A text of fewer tokens than n is one gram, the whole of it; a question of a single token is never matched by grams.
 */
export const OVERLAP_RULE = {
  /** Raised when the same texts would be judged otherwise. */
  version: 1,
  questionGram: 5,
  answerGram: 3,
  threshold: 0.8,
} as const;

export const MATCH_KINDS = ['exact', 'normalised', 'ngram'] as const;
export type MatchKind = (typeof MATCH_KINDS)[number];

/** How many of `count` grams make the threshold. */
export function neededOf(count: number): number {
  return Math.ceil(count * OVERLAP_RULE.threshold - 1e-9);
}
