import { tokensOf } from '../overlap/tokens.js';

/**
 * How much of a text repeats itself (Rae et al. 2021, arXiv 2112.11446, table A1). Words are those of the contamination
 * gate: runs of letters and digits, a character each in scripts without spaces. Shares in [0, 1]; 0 for an empty text.
 */

/** Share of the lines that stand in the text before; empty lines don't count. */
export function repeatedLinesShare(text: string): number {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? 0 : 1 - new Set(lines).size / lines.length;
}

/** Share of the words' characters that lie in the most frequent run of n words; 0 where none comes twice. */
export function topGramShare(words: readonly string[], n: number): number {
  const counts = new Map<string, number>();
  for (const [gram] of grams(words, n)) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  let top: string | null = null;
  for (const [gram, count] of counts)
    if (count > 1 && (top === null || count > (counts.get(top) ?? 0))) top = gram;
  return top === null ? 0 : coveredShare(words, n, (gram) => gram === top);
}

/** Share of the words' characters that lie in runs of n words that began before. */
export function repeatedGramsShare(words: readonly string[], n: number): number {
  const seen = new Set<string>();
  return coveredShare(words, n, (gram) => seen.size === seen.add(gram).size);
}

export function wordsOf(text: string): readonly string[] {
  return tokensOf(text);
}

/** Share of the characters that are neither letters, marks, digits nor white space. */
export function symbolsShare(text: string): number {
  const characters = [...text].length;
  return characters === 0 ? 0 : (text.match(/[^\p{L}\p{M}\p{N}\s]/gu)?.length ?? 0) / characters;
}

/** A character of a run that overlaps another one counts once. */
function coveredShare(words: readonly string[], n: number, counts: (gram: string) => boolean): number {
  const total = words.reduce((sum, { length }) => sum + length, 0);
  let covered = 0;
  let end = 0;
  for (const [gram, start] of grams(words, n)) {
    if (!counts(gram)) continue;
    for (let at = Math.max(start, end); at < start + n; at += 1) covered += words[at]?.length ?? 0;
    end = start + n;
  }
  return total === 0 ? 0 : covered / total;
}

function* grams(words: readonly string[], n: number): Generator<readonly [gram: string, start: number]> {
  for (let start = 0; start + n <= words.length; start += 1)
    yield [words.slice(start, start + n).join(' '), start];
}
