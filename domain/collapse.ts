import type { BuildKind } from './stage.js';

/** One action type fills most of the recent choices. */
export interface Dominance {
  readonly kind: BuildKind;
  readonly times: number;
  readonly of: number;
}

const WINDOW = 8;
const LEAST = 4;
const SHARE = 0.75;

/**
 * Mode collapse (LaMDAgent, arXiv 2505.21963: the agent falls into repeating one action): a type that makes up three
 * quarters of the last eight choices, from four choices on. `kinds` in the order they were chosen.
 */
export function dominantKind(kinds: readonly BuildKind[]): Dominance | null {
  const recent = kinds.slice(-WINDOW);
  if (recent.length < LEAST) return null;
  for (const kind of new Set(recent)) {
    const times = recent.filter((one) => one === kind).length;
    if (times >= SHARE * recent.length) return { kind, times, of: recent.length };
  }
  return null;
}
