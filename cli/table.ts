import type { TopRow } from '../domain/exploration.js';
import { trialName } from '../domain/trial.js';

const GAP = '  ';
/** A column of words is not cut below this. */
const NARROWEST = 8;

/**
 * Columns as wide as their widest cell, two blanks between them; numbers to the right. Where that is more than `width`
 * characters, the widest columns of words are cut; numbers never are. null: as wide as it takes.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | null = null,
): readonly string[] {
  const wanted = head.map((title, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), title.length),
  );
  const isNumeric = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[-+–]?[\d.]/.test(row[column] ?? '')),
  );
  const widths = width === null ? wanted : fitted(wanted, isNumeric, width);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const room = widths[column] ?? 0;
        return isNumeric[column] ? cell.padStart(room) : cut(cell, room).padEnd(room);
      })
      .join(GAP)
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

/** The widest column of words gives way first, until all fit or none can. */
function fitted(wanted: readonly number[], isNumeric: readonly boolean[], width: number): readonly number[] {
  const widths = [...wanted];
  const over = (): number => widths.reduce((sum, one) => sum + one, GAP.length * (widths.length - 1)) - width;
  while (over() > 0) {
    const words = widths.map((one, column) => (isNumeric[column] ? 0 : one));
    const widest = Math.max(...words);
    if (widest <= NARROWEST) break;
    const next = Math.max(NARROWEST, ...words.filter((one) => one < widest));
    widths[words.indexOf(widest)] = Math.max(next - 1, NARROWEST, widest - over());
  }
  return widths;
}

function cut(cell: string, room: number): string {
  return cell.length <= room ? cell : `${cell.slice(0, room - 1)}…`;
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
