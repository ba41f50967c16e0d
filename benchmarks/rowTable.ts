/** A table as JSON lines, each with an id of its own. */
export function parseRows<T extends { readonly id: string }>(text: string): Map<string, T> {
  const lines = text.split('\n').filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line) as T).map((row) => [row.id, row]));
}

/** Sorted by id, so that the file's differences are the table's. */
export function rowsText(rows: ReadonlyMap<string, { readonly id: string }>): string {
  const sorted = [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return sorted.map((row) => `${JSON.stringify(row)}\n`).join('');
}
