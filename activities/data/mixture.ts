import { apportion, largestMixture } from '../../domain/data/apportion.js';
import { Underivable, type Derive, type DerivationInput } from './derivation.js';
import { interleaved, takenLines } from './taken.js';

/** Rows of several datasets in the proportions of their weights, evenly mixed. */
export const mixture: Derive = (inputs, parameters, seed) => {
  const weights = parameters['weights'] as readonly number[];
  const counts = countsOf(inputs, weights, parameters);
  const sources = inputs.map((input, at) => {
    const count = counts[at] ?? 0;
    return { lines: takenLines(input, count, seed), count };
  });
  return { lines: interleaved(sources), leftOut: {} };
};

function countsOf(
  inputs: readonly DerivationInput[],
  weights: readonly number[],
  { rows, repeat }: { readonly rows?: unknown; readonly repeat?: unknown },
): readonly number[] {
  const largest = largestMixture(
    weights,
    inputs.map((input) => input.rows),
  );
  const counts = apportion(weights, typeof rows === 'number' ? rows : largest);
  const short = inputs.findIndex((input, at) => (counts[at] ?? 0) > input.rows);
  const lacking = inputs[short];
  if (repeat === true || lacking === undefined) return counts;
  throw new Underivable(
    `at most ${String(largest)} rows, which the weights allow without repetition`,
    `${String(rows)}, of which ${String(counts[short])} from the ${String(lacking.rows)} of ${lacking.name}`,
    'Ask for fewer, change the weights, or set repeat: true.',
  );
}
