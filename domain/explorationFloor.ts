import { randomOf } from './random.js';

/**
 * Whether this decision is one of the share that is drawn at random. Stratified: with a share of 0.1 one decision of each
 * ten, at a place drawn by the seed, so that short searches get their share too. Depends on its arguments alone.
 */
export function explores(seed: string, decision: number, share: number): boolean {
  return share > 0.5 ? !isDrawn(seed, decision, 1 - share) : isDrawn(seed, decision, share);
}

/** The k-th mark lies somewhere in [k, k + 1); the decision covers [decision × share, (decision + 1) × share). */
function isDrawn(seed: string, decision: number, share: number): boolean {
  const [from, to] = [decision * share, (decision + 1) * share];
  const first = Math.floor(from);
  return [first, first + 1].some((block) => {
    const mark = block + randomOf(seed, 'exploration floor', block).real();
    return mark >= from && mark < to;
  });
}
