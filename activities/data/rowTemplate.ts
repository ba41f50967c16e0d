import { filledText, onlyColumn, parseColumnText } from '../../domain/data/columnTexts.js';
import { OPERATIONS } from '../../domain/data/operations.js';
import type { Json } from '../../domain/json.js';
import type { Row } from '../spec/lines.js';

type Fill = (row: Row) => unknown;
type Written = Readonly<Record<string, Json>>;

/** Makes a trainable row of a row of columns. What it makes throws MissingColumn. */
export function compileTemplate(written: Written): (row: Row) => Row {
  const parts = OPERATIONS.template.parameters.flatMap(
    ({ name, type }): readonly (readonly [string, Fill])[] => {
      const value = written[name];
      return value === undefined || type === 'dataset' ? [] : [[name, compileTurns(value)]];
    },
  );
  return (row) => Object.fromEntries(parts.map(([name, fill]) => [name, fill(row)]));
}

/** The shape of the rows that a template makes. */
export function templateShape(written: Written): 'sft' | 'preference' {
  return written['chosen'] === undefined ? 'sft' : 'preference';
}

/** Messages one by one; of a text that is one column only, a list of messages as it is. */
function compileTurns(value: Json): Fill {
  if (Array.isArray(value)) {
    const messages = (value as readonly { readonly role: string; readonly content: string }[]).map(
      ({ role, content }) => ({ role, fill: compileText(content) }),
    );
    return (row) => messages.map(({ role, fill }) => ({ role, content: fill(row) }));
  }
  const text = String(value);
  const fill = compileText(text);
  const column = onlyColumn(parseColumnText(text) ?? []);
  return (row) => {
    const whole = column === null ? null : row[column];
    return Array.isArray(whole) ? whole : fill(row);
  };
}

function compileText(text: string): (row: Row) => string {
  const pieces = parseColumnText(text);
  if (pieces === null) throw new Error(`template: expected braces that name a column, got ${text}`);
  return (row) => filledText(pieces, row);
}
