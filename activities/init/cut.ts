import { sha256Hex } from '../../domain/stage.js';
import type { Split } from '../../domain/plan.js';

/** Questions of each split, by key. */
export type Cut = Readonly<Record<Split, readonly string[]>>;

/** Of a benchmark that is cut out of training data: a fifth of it. */
export const HELD_OUT_SHARE = 0.2;
/** More items cost time and show little more: with 200, 400 and 600 a gain of some points is seen. */
export const MOST_ITEMS = 1200;
/** So that each split has one at least. */
export const FEWEST_ITEMS = 6;

/**
 * Draws questions for a benchmark and deals them out: a sixth to search, which only has to rank, a third to confirm, half
 * to test, whose interval is what people read. The order is by hash: which questions are drawn does not depend on the
 * file's order. null: too few.
 */
export function cutQuestions(keys: readonly string[], share: number): Cut | null {
  const drawn = [...new Set(keys)].map((key) => ({ key, rank: sha256Hex(key) }));
  drawn.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const count = Math.min(MOST_ITEMS, Math.floor(drawn.length * share));
  if (count < FEWEST_ITEMS) return null;
  const chosen = drawn.slice(0, count).map(({ key }) => key);
  const [first, second] = [Math.floor(count / 6), Math.floor(count / 6) + Math.floor(count / 3)];
  return { search: chosen.slice(0, first), confirm: chosen.slice(first, second), test: chosen.slice(second) };
}
