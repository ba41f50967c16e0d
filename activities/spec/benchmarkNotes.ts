import { itemFormOf } from './benchmark.js';
import type { Spec } from './schema.js';

/** What a person should know of the benchmarks before a search begins. */
export function benchmarkNotes({ benchmarks }: Pick<Spec, 'benchmarks'>): readonly string[] {
  return Object.entries(benchmarks).flatMap(([name, benchmark]) => {
    if (benchmark.kind === 'judge') {
      const { model, baseUrl } = benchmark.judge;
      return [
        `benchmarks.${name}: each answer of each evaluation is sent to ${model} at ${baseUrl}; what that costs is not counted in the budget`,
      ];
    }
    if (itemFormOf(benchmark) !== null) return [];
    const who = benchmark.kind === 'lmEval' ? 'task' : 'program';
    return [
      `benchmarks.${name}: the contamination gate cannot see what its ${who} asks; keep those texts out of the datasets yourself`,
    ];
  });
}
