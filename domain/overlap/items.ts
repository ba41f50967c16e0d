import { normalise } from './tokens.js';
import type { EvaluationItem, ItemTexts } from './texts.js';

export interface ReadItem extends ItemTexts {
  readonly benchmark: string;
  readonly split: string;
  readonly id: string;
}

/**
 * The items to look for. A system message is no part of the question, unless the question means several things
 * without it: "Summarise the text above." is no copy of an item that has the text in its system message.
 */
export function itemsToFind(read: readonly ReadItem[]): readonly EvaluationItem[] {
  const meanings = new Map<string, Set<string>>();
  for (const { turns, withoutSystem } of read) {
    if (turns.length === withoutSystem.length) continue;
    const bare = questionText(withoutSystem);
    meanings.set(bare, (meanings.get(bare) ?? new Set()).add(questionText(turns)));
  }
  return read.map(({ benchmark, split, id, turns, withoutSystem, answers }) => {
    const ambiguous = (meanings.get(questionText(withoutSystem))?.size ?? 0) > 1;
    return { benchmark, split, id, turns: ambiguous ? turns : withoutSystem, answers };
  });
}

/** The normal form of a question of one or several messages. */
export function questionText(turns: readonly string[]): string {
  return turns.map(normalise).join(' ');
}
