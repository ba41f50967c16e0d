import assert from 'node:assert/strict';
import { fastIntegers } from '../fastRandom.js';
import { bandKeys, bandLength, minimaOf, similarity, SIGNATURE_PLACES } from './minHash.js';

const integer = fastIntegers('texts for MinHash');
const words = (count: number): readonly string[] =>
  Array.from({ length: count }, () => `w${String(integer(1_000_000))}`);

/** The exact similarity of the runs of n words. */
function jaccard(a: readonly string[], b: readonly string[], n: number): number {
  const grams = (of: readonly string[]): Set<string> =>
    new Set(of.slice(0, of.length - n + 1).map((_, at) => of.slice(at, at + n).join(' ')));
  const [left, right] = [grams(a), grams(b)];
  const both = [...left].filter((gram) => right.has(gram)).length;
  return both / (left.size + right.size - both);
}

function estimate(a: readonly string[], b: readonly string[], n: number): number {
  const signatures = new Uint8Array(2 * SIGNATURE_PLACES);
  [a, b].forEach((one, at) =>
    minimaOf(one, n).forEach((value, place) => (signatures[at * SIGNATURE_PLACES + place] = value)),
  );
  return similarity(signatures, 0, SIGNATURE_PLACES);
}

describe('MinHash signatures', () => {
  it('estimate the similarity without bias, within what 128 places allow', () => {
    for (const changed of [0, 4, 20, 100]) {
      const errors = Array.from({ length: 20 }, () => {
        const text = words(200);
        const other = [...text.slice(0, 200 - changed), ...words(changed)];
        return estimate(text, other, 3) - jaccard(text, other, 3);
      });
      const bias = errors.reduce((sum, one) => sum + one, 0) / errors.length;
      assert.ok(Math.abs(bias) < 0.03, `${String(changed)}: bias ${String(bias)}`);
      assert.ok(errors.every((one) => Math.abs(one) < 0.2));
    }
  });

  it('make bands in which rows at the threshold meet nine times of ten', () => {
    assert.deepEqual([0.5, 0.7, 0.8, 0.9, 1].map(bandLength), [2, 4, 8, 8, 32]);
    let met = 0;
    for (let turn = 0; turn < 50; turn += 1) {
      const text = words(200);
      const other = [...text.slice(0, 180), ...words(20)];
      const [a, b] = [text, other].map((one) => bandKeys(minimaOf(one, 3), bandLength(0.8)));
      if (a?.some((key, band) => key === b?.[band]) === true) met += 1;
    }
    assert.ok(met >= 40, String(met));
  });

  it('take a text with fewer words than a run as one run, and an empty one too', () => {
    assert.equal(estimate(['a', 'b'], ['a', 'b'], 5), 1);
    assert.ok(estimate(['a', 'b'], ['a', 'c'], 5) < 0.1);
    assert.equal(estimate([], [], 5), 1);
  });
});
