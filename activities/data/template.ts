import { onlyInput, type Derive } from './derivation.js';
import { rowLines, rowOf } from './rowLines.js';
import { compileTemplate } from './rowTemplate.js';

/** The rows that a template makes of columns; `checkDataset` has seen each of them. */
export const template: Derive = (inputs, parameters) => {
  const fill = compileTemplate(parameters);
  return { lines: filled(onlyInput(inputs).file, fill), leftOut: {} };
};

async function* filled(file: string, fill: ReturnType<typeof compileTemplate>): AsyncGenerator<Buffer> {
  for await (const line of rowLines(file)) yield Buffer.from(JSON.stringify(fill(rowOf(line))));
}
