export type Cell = string | number | boolean | null;

/**
 * A table as RFC 4180 text: CRLF, a header line, quotes where needed; null is empty. Text that a spreadsheet would run
 * as a formula begins with an apostrophe (OWASP, "CSV injection"); numbers stay numbers.
 */
export function csvText(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cellText).join(',')}\r\n`).join('');
}

function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const inert = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
