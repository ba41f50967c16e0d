// node --expose-gc --import tsx benchmarks/contamination.ts [ROWS [ITEMS]]
// How fast the contamination gate judges training rows, and what its index holds, on made-up text. Times are those of the
// processor, garbage collection included, so that other work on the machine counts little.
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

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

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
const started = cpuSeconds();
const index = createItemIndex(evaluation);
const built = cpuSeconds();
globalThis.gc?.();
const held = process.memoryUsage().heapUsed - before;

let matched = 0;
const began = cpuSeconds();
for (let row = 0; row < rows; row += 1) {
  const one = training[row % training.length];
  if (one !== undefined) matched += index.match(one).length;
}
const seconds = cpuSeconds() - began;
console.log(
  JSON.stringify({
    items,
    indexCpuSeconds: Number((built - started).toFixed(2)),
    indexMiB: Math.round(held / 2 ** 20),
    rows,
    rowsPerCpuSecond: Math.round(rows / seconds),
    matched,
  }),
);
