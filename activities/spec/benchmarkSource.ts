import { join } from 'node:path';
import type { JsonObject } from '../../domain/json.js';
import { SPLITS, type Split } from '../../domain/plan.js';
import type { Benchmark } from './benchmark.js';
import type { ItemCounts } from './benchmarkFolder.js';

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
  switch (benchmark.kind) {
    case undefined:
    case 'generation':
      return {
        files: itemsOf(benchmark.path, split),
        parameters: { metric: benchmark.metric, maxNewTokens: benchmark.maxNewTokens },
      };
    case 'multipleChoice':
    case 'perplexity':
      return {
        files: itemsOf(benchmark.path, split),
        parameters: { kind: benchmark.kind, metric: benchmark.metric },
      };
    case 'command': {
      const { kind, path, files, metric, command, timeout: timeoutSeconds, items } = benchmark;
      return {
        files: named(path, files),
        parameters: { kind, metric, command, split, timeoutSeconds, items: items[split] },
      };
    }
    case 'lmEval': {
      const { kind, path = '', files = [], metric, task, seed, chatTemplate, items } = benchmark;
      const drawn = {
        first: drawnBefore(items, split),
        items: items[split],
        total: drawnBefore(items, null),
      };
      const { filter = null, fewshot = null } = benchmark;
      return {
        files: named(path, files),
        parameters: { kind, metric, task, seed, filter, fewshot, chatTemplate, ...drawn },
      };
    }
    case 'judge': {
      const { kind, path, prompt, metric, maxNewTokens, judge, scale, maxMissing } = benchmark;
      return {
        files: [...itemsOf(path, split), { path: 'judge.md', file: join(path, prompt) }],
        parameters: { kind, metric, maxNewTokens, judge, scale, maxMissing },
      };
    }
    default:
      return benchmark satisfies never;
  }
}

function itemsOf(folder: string, split: Split): readonly SourceFile[] {
  return [{ path: 'items.jsonl', file: join(folder, `${split}.jsonl`) }];
}

function named(folder: string, files: readonly string[]): readonly SourceFile[] {
  return files.map((name) => ({ path: name, file: join(folder, name) }));
}

/** The items of the splits before this one; null: of all. */
function drawnBefore(items: ItemCounts, split: Split | null): number {
  const before: readonly Split[] = split === null ? SPLITS : SPLITS.slice(0, SPLITS.indexOf(split));
  return before.reduce<number>((sum, one) => sum + items[one], 0);
}
