import { join } from 'node:path';
import type { JsonObject } from '../../domain/json.js';
import type { Split } from '../../domain/plan.js';
import type { Benchmark } from './benchmark.js';

/** A file, and the path that it has in its object. */
export interface SourceFile {
  readonly path: string;
  readonly file: string;
}
interface SplitSource {
  readonly files: readonly SourceFile[];
  /** All that decides scores beside the files: part of the id, and what the GPU worker reads. */
  readonly parameters: JsonObject;
}

/** What is imported for one split of a benchmark. Generated answers came first: their parameters name no kind. */
export function splitSource(benchmark: Benchmark, split: Split): SplitSource {
  const { path, metric } = benchmark;
  const files = [{ path: 'items.jsonl', file: join(path, `${split}.jsonl`) }];
  switch (benchmark.kind) {
    case undefined:
    case 'generation':
      return { files, parameters: { metric, maxNewTokens: benchmark.maxNewTokens } };
    case 'multipleChoice':
    case 'perplexity':
      return { files, parameters: { kind: benchmark.kind, metric } };
    case 'command': {
      const { kind, command, timeout: timeoutSeconds, items } = benchmark;
      return {
        files: benchmark.files.map((name) => ({ path: name, file: join(path, name) })),
        parameters: { kind, metric, command, split, timeoutSeconds, items: items[split] },
      };
    }
    default:
      return benchmark satisfies never;
  }
}
