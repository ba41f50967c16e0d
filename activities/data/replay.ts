import type { Derive } from './derivation.js';
import { interleaved, takenLines } from './taken.js';

/** All rows of the first dataset, with so many of the second evenly between them that these make the share. */
export const replay: Derive = (inputs, { share }, seed) => {
  const [fresh, old] = inputs;
  if (fresh === undefined || old === undefined)
    throw new Error(`inputs of replay: expected two, got ${String(inputs.length)}`);
  const count = Math.max(1, Math.round((fresh.rows * Number(share)) / (1 - Number(share))));
  return {
    lines: interleaved([
      { lines: takenLines(fresh, fresh.rows, seed), count: fresh.rows },
      { lines: takenLines(old, count, seed), count },
    ]),
    leftOut: {},
  };
};
