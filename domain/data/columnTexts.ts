/**
 * A text with `{column}` in it, cut at the columns; `{{` and `}}` stand for braces. What lies inside a column is named
 * by its path: `{answer.value}`, `{choices.text.0}`.
 */
export type ColumnText = readonly (string | { readonly column: string })[];

const PIECE = /\{\{|\}\}|\{([^{}]+)\}|[{}]/g;

/** null: a brace that opens or closes nothing. */
export function parseColumnText(text: string): ColumnText | null {
  const pieces: (string | { readonly column: string })[] = [];
  let end = 0;
  for (const found of text.matchAll(PIECE)) {
    const [piece, column] = found;
    if (piece === '{' || piece === '}') return null;
    pieces.push(text.slice(end, found.index), column === undefined ? piece.slice(1) : { column });
    end = found.index + piece.length;
  }
  return [...pieces, text.slice(end)].filter((piece) => piece !== '');
}

/** The only column of a text that is nothing else. */
export function onlyColumn(text: ColumnText): string | null {
  const [piece, second] = text;
  return typeof piece === 'object' && second === undefined ? piece.column : null;
}

/** A row lacks a column, or what it has there is no text. */
export class MissingColumn extends Error {
  override readonly name = 'MissingColumn';
  constructor(
    readonly column: string,
    readonly got: unknown,
  ) {
    super(`column ${column}: expected a text, a number or true or false`);
  }
}

/** Numbers and truth values are written as JSON writes them. Throws MissingColumn. */
export function filledText(text: ColumnText, row: Readonly<Record<string, unknown>>): string {
  return text.map((piece) => (typeof piece === 'string' ? piece : columnOf(row, piece.column))).join('');
}

function columnOf(row: Readonly<Record<string, unknown>>, column: string): string {
  const value = Object.hasOwn(row, column) ? row[column] : insideOf(row, column.split('.'));
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new MissingColumn(column, value);
}

/** Follows own keys and places in lists alone; undefined where the path leads nowhere. */
function insideOf(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inside, key) =>
      typeof inside === 'object' && inside !== null && isPart(inside, key)
        ? (inside as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  );
}

/** The length of a list is none of its parts. */
function isPart(whole: object, key: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(whole, key);
}
