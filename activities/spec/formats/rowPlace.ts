/** A row of a file whose rows are no lines, counted from 1, without a header. */
export function rowPlace(file: string, row: number): string {
  return `${file} row ${String(row)}`;
}
