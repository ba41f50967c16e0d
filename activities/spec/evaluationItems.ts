import { join } from 'node:path';
import { itemsToFind, type ReadItem } from '../../domain/overlap/items.js';
import { textsOfItem, type EvaluationItem } from '../../domain/overlap/texts.js';
import { SPLITS } from '../../domain/plan.js';
import { itemFormOf } from './benchmark.js';
import { readCheckedRows } from './checkedRows.js';
import type { Spec } from './schema.js';

/** Every item of every split of every benchmark of a checked spec, as far as its files hold them. */
export async function readEvaluationItems({
  benchmarks,
}: Pick<Spec, 'benchmarks'>): Promise<readonly EvaluationItem[]> {
  const read: ReadItem[] = [];
  for (const [benchmark, one] of Object.entries(benchmarks)) {
    const form = itemFormOf(one);
    if (form === null || one.path === undefined) continue; // known to the GPU worker alone
    const { path } = one;
    for (const split of SPLITS)
      for await (const { row } of readCheckedRows(join(path, `${split}.jsonl`)))
        read.push({ benchmark, split, id: String(row['id']), ...textsOfItem(row, form) });
  }
  return itemsToFind(read);
}
