import { OPERATIONS } from '../../domain/data/operations.js';
import { partsOfRow } from '../../domain/data/rowParts.js';
import type { JsonObject } from '../../domain/json.js';
import { onlyInput, type Derive } from './derivation.js';
import { testOf, type RowTest } from './filterTests.js';
import { rowLines, rowOf } from './rowLines.js';

/** The rows that meet every condition; a row that doesn't counts for the first one it fails, in the table's order. */
export const filter: Derive = (inputs, parameters) => {
  const { file } = onlyInput(inputs);
  const leftOut: Record<string, number> = {};
  return { lines: kept(file, testsOf(parameters), leftOut), leftOut };
};

interface NamedTest {
  readonly name: string;
  readonly holds: RowTest;
}

function testsOf(parameters: JsonObject): readonly NamedTest[] {
  return OPERATIONS.filter.parameters.flatMap(({ name }) => {
    const value = parameters[name];
    return value === undefined || name === 'from' ? [] : [{ name, holds: testOf(name, value) }];
  });
}

async function* kept(
  file: string,
  tests: readonly NamedTest[],
  leftOut: Record<string, number>,
): AsyncGenerator<Buffer> {
  for await (const line of rowLines(file)) {
    const parts = partsOfRow(rowOf(line));
    const failed = tests.find(({ holds }) => !holds(parts));
    if (failed === undefined) yield line.bytes;
    else leftOut[failed.name] = (leftOut[failed.name] ?? 0) + 1;
  }
}
