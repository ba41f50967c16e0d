// node --expose-gc --import tsx benchmarks/contamination.ts [ROWS [ITEMS]]
// How fast the contamination gate judges training rows, and what its index holds: time and memory, on made-up text.
import { createItemIndex } from '../domain/overlap/itemIndex.js';
import { randomOf } from '../domain/random.js';
import type { EvaluationItem } from '../domain/overlap/texts.js';

const [rows = 100_000, items = 10_000] = process.argv.slice(2).map(Number);
const random = randomOf('contamination');
/** As in a language: few words are common (Zipf). */
const words = Array.from({ length: 50_000 }, (_, rank) => `w${rank.toString(36)}`);
const word = (): string => words[Math.floor(words.length ** random.real()) - 1] ?? 'w0';
const text = (least: number, most: number): string =>
  Array.from({ length: least + random.integer(most - least) }, word).join(' ');

const evaluation = Array.from({ length: items }, (_, at): EvaluationItem => ({
  benchmark: 'made-up',
  split: 'test',
  id: String(at),
  turns: [text(10, 120)],
  answers: [text(1, 40)],
}));
const training = Array.from({ length: 10_000 }, () => {
  const answer = text(20, 200);
  return { turns: [text(20, 120), answer], answers: [answer] };
});

globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
const started = performance.now();
const index = createItemIndex(evaluation);
const built = performance.now();
globalThis.gc?.();
const held = process.memoryUsage().heapUsed - before;

let matched = 0;
const began = performance.now();
for (let row = 0; row < rows; row += 1) {
  const one = training[row % training.length];
  if (one !== undefined) matched += index.match(one).length;
}
const seconds = (performance.now() - began) / 1000;
console.log(
  JSON.stringify({
    items,
    indexSeconds: Number(((built - started) / 1000).toFixed(2)),
    indexMiB: Math.round(held / 2 ** 20),
    rows,
    rowsPerSecond: Math.round(rows / seconds),
    matched,
  }),
);
