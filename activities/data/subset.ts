import { rowsAt } from '../../domain/exposure.js';
import { onlyInput, Underivable, type Derive } from './derivation.js';
import { takenLines } from './taken.js';

/** A random part of the rows, in their order; a larger part holds every row of a smaller one. */
export const subset: Derive = (inputs, { rows, share }, seed) => {
  const input = onlyInput(inputs);
  const count = typeof rows === 'number' ? rows : rowsAt(input.rows, Number(share));
  if (count > input.rows)
    throw new Underivable(
      `at most the ${String(input.rows)} rows of ${input.name}`,
      `rows: ${String(count)}`,
      'Ask for fewer, or for a share.',
    );
  return { lines: takenLines(input, count, seed), leftOut: {} };
};
