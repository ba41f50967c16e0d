import { OPERATION_NAMES, OPERATIONS, type OperationParameter } from '../../domain/data/operations.js';
import { markdownTable } from './generatedDocs.js';

/** Where the tables stand in docs/data.md. */
export const DOCS_BEGIN = '<!-- operations: written by activities/spec/writeOperationDocs.ts -->';
export const DOCS_END = '<!-- end of operations -->';

/** The operations and their parameters in Markdown, from their table. */
export function operationTables(): string {
  const rows = OPERATION_NAMES.map((name) => {
    const { meaning, holds, source } = OPERATIONS[name];
    return [`\`${name}\``, meaning, holds, source === undefined ? '' : `[source](${source})`];
  });
  const all = markdownTable(['operation', 'makes', 'holds in memory', ''], rows);
  const each = OPERATION_NAMES.map((name) => {
    const { parameters, oneOf } = OPERATIONS[name];
    const lines = parameters.map((one) => [
      `\`${one.name}\``,
      valuesOf(one),
      usualOf(one),
      cell(one.meaning),
    ]);
    const groups = oneOf?.map((group) => group.map((key) => `\`${key}\``).join(' and ')).join(', or ');
    const rule = groups === undefined ? '' : `\n\nEither ${groups}.`;
    return `### ${name}\n\n${markdownTable(['parameter', 'value', 'default', 'meaning'], lines)}${rule}`;
  });
  return [all, ...each].join('\n\n');
}

function valuesOf({ type, minimum, maximum, choices = [] }: OperationParameter): string {
  const range = `${String(minimum)} … ${String(maximum)}`;
  switch (type) {
    case 'dataset':
      return 'name';
    case 'weights':
      return '{name: weight, …}';
    case 'integer':
    case 'number':
      return range;
    case 'choice':
      return choices.map((one) => `\`${one}\``).join(', ');
    case 'flag':
      return 'true, false';
    case 'bounds':
      return '{atLeast, atMost}';
    case 'patterns':
      return 'one or a list';
    case 'text':
      return 'text';
    case 'turns':
      return 'text, or [{role, content}, …]';
    default:
      return type satisfies never;
  }
}

function usualOf({ required, default: usual }: OperationParameter): string {
  if (required === true) return 'must be given';
  return usual === undefined ? '' : `\`${String(usual)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
