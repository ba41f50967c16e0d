import type { Dominance } from '../../../domain/collapse.js';

/** Said when one action type fills the recent choices: the paper's remedy against mode collapse. */
export function nudgePrompt({ kind, times, of }: Dominance): string {
  return `${String(times)} of the last ${String(of)} actions were ${kind}. Unless the results clearly speak for one more, choose another type now.`;
}
