import { utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * What the Temporal service and its Web UI take, in bytes of UTF-8: a summary in the timeline, a workflow's static
 * summary (200), and details (20,000). The service refuses longer ones, and with them the whole workflow task.
 */
export const MOST_BYTES = { summary: 120, staticSummary: 190, details: 19_900 } as const;

/** Text that can't break out of a Markdown table cell or become markup. */
export function cell(text: string, longest = 160): string {
  return text
    .slice(0, longest)
    .replace(/[|\\`*_[\]<>]/g, '\\$&')
    .replace(/\s+/g, ' ');
}

/** Keeps columns apart: the Web UI's tables have no room between their cells. */
const GAP = '\u00a0';

/** A table; the cells are escaped already. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(`${GAP} | `)} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

/** One line without control characters, cut with … to so many bytes. */
export function oneLine(text: string, mostBytes: number): string {
  return withinBytes(text.replace(/[\s\p{Cc}]+/gu, ' ').trim(), mostBytes);
}

/** Cut with … where it takes more bytes of UTF-8. */
export function withinBytes(text: string, mostBytes: number): string {
  if (bytesOf(text) <= mostBytes) return text;
  let left = mostBytes - bytesOf('…');
  const kept: string[] = [];
  for (const character of text) {
    left -= bytesOf(character);
    if (left < 0) break;
    kept.push(character);
  }
  return `${kept.join('')}…`;
}

function bytesOf(text: string): number {
  return utf8ToBytes(text).length;
}
