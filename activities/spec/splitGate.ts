import { setImmediate } from 'node:timers/promises';
import { createTally, type DatasetFindings } from '../../domain/contamination.js';
import { buildItemIndex, type ItemIndex } from '../../domain/overlap/itemIndex.js';
import type { EvaluationItem } from '../../domain/overlap/texts.js';
import { SPLITS } from '../../domain/plan.js';
import { paced } from './paced.js';

/**
 * Items of a later split that copy items of an earlier one, by the rule for training rows: findings by
 * `<benchmark>/<split>`, their rows the items in the order of the file. Only what was found.
 */
export async function inspectSplits(items: readonly EvaluationItem[]): Promise<readonly DatasetFindings[]> {
  const indices = new Map<string, ItemIndex>();
  for (const split of SPLITS.slice(0, -1)) indices.set(split, await indexOf(items, split));
  const places = [...new Set(items.map(placeOf))];
  const findings: DatasetFindings[] = [];
  for (const place of places) {
    await setImmediate();
    const tally = createTally(place);
    const here = items.filter((item) => placeOf(item) === place);
    for (const [at, item] of here.entries()) {
      const texts = { turns: [...item.turns, ...item.answers], answers: item.answers };
      const earlier = SPLITS.slice(
        0,
        SPLITS.findIndex((split) => split === item.split),
      );
      tally.add(
        at + 1,
        texts,
        earlier.flatMap((split) => indices.get(split)?.match(texts) ?? []),
      );
    }
    findings.push(tally.findings());
  }
  return findings.filter(({ matchedRows }) => matchedRows > 0);
}

/** Each split by itself: what only one of its questions has is what tells a copy from a shared template. */
function indexOf(items: readonly EvaluationItem[], split: string): Promise<ItemIndex> {
  return paced(buildItemIndex(items.filter((item) => item.split === split)));
}

function placeOf({ benchmark, split }: EvaluationItem): string {
  return `${benchmark}/${split}`;
}
