import { gramLength, gramsOf, type Vocabulary } from './grams.js';
import { hasEnough } from './questions.js';
import { OVERLAP_RULE } from './rule.js';
import { tokensOf } from './tokens.js';

/** One answer that counts as right: its grams, and the tokens of each. */
export interface Answer {
  readonly length: number;
  readonly grams: readonly number[];
}

/** The answers of an item; one without any token says nothing and is left out. */
export function answersOf(texts: readonly string[], vocabulary: Vocabulary): readonly Answer[] {
  return texts.flatMap((text) => {
    const numbers = tokensOf(text).map(vocabulary.learn);
    const length = gramLength(numbers.length, OVERLAP_RULE.answerGram);
    return length === 0 ? [] : [{ length, grams: [...gramsOf(numbers, OVERLAP_RULE.answerGram)] }];
  });
}

/** Whether a row says one of the answers. `said` gives the row's grams of a length. */
export function isAnswered(
  answers: readonly Answer[],
  said: (length: number) => ReadonlySet<number>,
): boolean {
  return answers.some(({ length, grams }) => hasEnough(said(length), grams));
}
