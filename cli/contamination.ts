import { contaminationNotes, type ContaminationRecord } from '../domain/contamination.js';

/** Matches shown of each dataset. */
const MOST_MATCHES = 20;

/** What the gate found, for people: the figures, then row beside item. */
export function contaminationLines(record: ContaminationRecord): readonly string[] {
  const { datasets, splits, items } = record;
  const rows = datasets.reduce((sum, one) => sum + one.rows, 0);
  const matched = datasets.reduce((sum, one) => sum + one.matchedRows, 0);
  const compared = `contamination: ${String(matched)} of ${String(rows)} training rows copy one of ${String(items)} evaluation items`;
  const matches = [...datasets, ...splits].flatMap((dataset) => {
    const found = dataset.matches.slice(0, MOST_MATCHES);
    const rest = dataset.matches.length + dataset.leftOut - found.length;
    return [
      ...found.map(
        ({ row, benchmark, split, item, kind, rowText, itemText }) =>
          `  ${dataset.name} row ${String(row)}: ${kind} copy of ${benchmark}/${split} ${item}\n    row:  ${rowText}\n    item: ${itemText}`,
      ),
      ...(rest > 0 ? [`  ${dataset.name}: ${String(rest)} more matches`] : []),
    ];
  });
  return [compared, ...contaminationNotes(record), ...matches];
}
