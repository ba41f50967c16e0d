import type { TopRow } from '../domain/exploration.js';
import { trialName } from '../domain/trial.js';

/** Columns as wide as their widest cell, two blanks between them; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isNumeric = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[-+–]?[\d.]/.test(row[column] ?? '')),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

/** The best models so far. */
export function leaderboardTable(rows: readonly TopRow[], most: number): readonly string[] {
  return table(
    ['#', 'trial', 'score', '± SE', 'constraints', 'last action'],
    rows
      .slice(0, most)
      .map((row, index) => [
        String(index + 1),
        trialName(row.trial),
        row.score.toFixed(4),
        row.standardError.toFixed(4),
        row.feasible ? 'met' : 'not met',
        row.label,
      ]),
  );
}
