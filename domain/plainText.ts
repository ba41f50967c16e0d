/** Longer lines are of no use to anybody. */
const LONGEST_LINE = 2000;

/**
 * Text that is safe in a terminal: what a name or a file brought along can neither move the cursor, nor colour, nor turn
 * the direction of writing. Line ends and tabs stay.
 */
export function plainText(text: string, longestLine = LONGEST_LINE): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (one) =>
      one === '\n' || one === '\t' ? one : `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
    )
    .split('\n')
    .map((line) =>
      line.length <= longestLine
        ? line
        : `${line.slice(0, longestLine / 2)} … ${line.slice(-longestLine / 2)}`,
    )
    .join('\n');
}
