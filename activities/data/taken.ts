import { evenly } from '../../domain/data/apportion.js';
import { timesTaken } from '../../domain/data/drawing.js';
import type { DerivationInput } from './derivation.js';
import { rowLines } from './rowLines.js';

/** The dataset's rows in their order, so many of them; more than it has begin again at the front. */
export async function* takenLines(
  { file, rows, stageId }: DerivationInput,
  count: number,
  seed: string,
): AsyncGenerator<Buffer> {
  const times = timesTaken(rows, count, { seed, dataset: stageId });
  for (let pass = 0; pass * rows < count; pass += 1) {
    let row = 0;
    for await (const { bytes } of rowLines(file)) {
      if (times(row) > pass) yield bytes;
      row += 1;
    }
  }
}

/** Lines of several sources, each spread evenly over the whole. */
export async function* interleaved(
  sources: readonly { readonly lines: AsyncGenerator<Buffer>; readonly count: number }[],
): AsyncGenerator<Buffer> {
  for (const at of evenly(sources.map(({ count }) => count))) {
    const next = await sources[at]?.lines.next();
    if (next?.done === false) yield next.value;
  }
}
