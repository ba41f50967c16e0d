import { createHash } from 'node:crypto';
import { partsOfRow, type RowParts } from '../../domain/data/rowParts.js';
import { wordsOf } from '../../domain/data/repetition.js';
import type { JsonObject } from '../../domain/json.js';
import { onlyInput, type Derive } from './derivation.js';
import { createNearIndex } from './nearIndex.js';
import { rowLines, rowOf } from './rowLines.js';

/** Whether a row equals an earlier one; one that doesn't is remembered. */
type IsRepeat = (parts: RowParts) => boolean;

/** Each row once: the first of equal ones, in the order of the file. */
export const dedupe: Derive = (inputs, parameters) => {
  const { file } = onlyInput(inputs);
  const leftOut: Record<string, number> = {};
  return { lines: firsts(file, repeatsBy(parameters), leftOut), leftOut };
};

async function* firsts(
  file: string,
  isRepeat: IsRepeat,
  leftOut: Record<string, number>,
): AsyncGenerator<Buffer> {
  for await (const line of rowLines(file)) {
    if (!isRepeat(partsOfRow(rowOf(line)))) yield line.bytes;
    else leftOut['repeated'] = (leftOut['repeated'] ?? 0) + 1;
  }
}

function repeatsBy({ match, by, threshold, gram }: JsonObject): IsRepeat {
  const textsOf = ({ prompt, answers }: RowParts): readonly string[] =>
    by === 'prompt' ? [prompt] : [prompt, ...answers];
  if (match === 'near') {
    const index = createNearIndex(Number(threshold));
    return (parts) => index.isRepeat(wordsOf(textsOf(parts).join('\n')), Number(gram));
  }
  const seen = new Set<string>();
  return (parts) => {
    const texts = textsOf(parts);
    const compared = match === 'exact' ? texts : texts.map((text) => wordsOf(text).join(' '));
    return seen.size === seen.add(hashOf(JSON.stringify(compared))).size;
  };
}

/** 128 bits: no two rows of a dataset that fits a disk meet by chance. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest().toString('latin1', 0, 16);
}
