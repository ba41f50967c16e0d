import { cycleAt } from '../../domain/data/derivations.js';
import { inputNames, OPERATION_NAMES, OPERATIONS, type OperationName } from '../../domain/data/operations.js';
import { derivationsOf, derivedDatasets, templatesOf } from './datasets.js';
import { didYouMean, shown, valueAt, type Fault } from './faults.js';
import type { Spec } from './schema.js';

/** What is wrong between datasets: names that lead nowhere, circles, columns that nothing reads. */
export function datasetSenseFaults(value: unknown, rest: Spec): readonly Fault[] {
  return [...danglingInputs(value), ...cycles(rest), ...columnFaults(rest)];
}

/** Read from the spec as written, since faulty parts are missing from what was parsed. */
function danglingInputs(value: unknown): readonly Fault[] {
  const section = valueAt(value, 'datasets');
  const known = typeof section === 'object' && section !== null ? Object.keys(section) : [];
  return known.flatMap((dataset) =>
    OPERATION_NAMES.flatMap((operation) => {
      const written = valueAt(valueAt(section, dataset), operation);
      if (typeof written !== 'object' || written === null) return [];
      const others = known.filter((name) => name !== dataset);
      return inputNames(operation, written as Readonly<Record<string, unknown>>)
        .filter((name) => !known.includes(name))
        .map((name) => ({
          path: placeOfInput(dataset, operation, { name, written }),
          rule: 'the name of a dataset',
          value: shown(name),
          hint: others.length === 0 ? 'The spec has no other datasets.' : didYouMean(name, others),
        }));
    }),
  );
}

function placeOfInput(
  dataset: string,
  operation: OperationName,
  { name, written }: { readonly name: string; readonly written: object },
): string {
  const keys = OPERATIONS[operation].parameters.filter(
    ({ type }) => type === 'dataset' || type === 'weights',
  );
  const key = keys.find((one) =>
    inputNames(operation, { [one.name]: valueAt(written, one.name) }).includes(name),
  );
  return `datasets.${dataset}.${operation}.${key?.name ?? 'from'}`;
}

function cycles(spec: Spec): readonly Fault[] {
  const derived = derivedDatasets(spec);
  const derivations = derivationsOf(derived);
  const told = new Set<string>();
  return derived.flatMap(({ name, operation }) => {
    const cycle = cycleAt(derivations, name);
    if (cycle === null || told.has(name)) return [];
    for (const one of cycle.split(' → ')) told.add(one);
    const path = `datasets.${name}.${operation}`;
    return [{ path, rule: 'a dataset that is not made from itself', value: cycle, hint: '' }];
  });
}

/** A template reads files alone, and columns are for nothing else. */
function columnFaults(spec: Spec): readonly Fault[] {
  const derived = derivedDatasets(spec);
  const fromDerived = derived.flatMap(({ name, operation, inputs: [from = ''] }): readonly Fault[] => {
    if (operation !== 'template' || !derived.some((one) => one.name === from)) return [];
    const path = `datasets.${name}.template.from`;
    return [
      {
        path,
        rule: 'a dataset with a file',
        value: from,
        hint: 'Give it the template, then go on from there.',
      },
    ];
  });
  const columns = Object.entries(spec.datasets).flatMap(([name, { shape }]) =>
    shape === 'columns' ? [name] : [],
  );
  const idle = columns
    .filter((name) => templatesOf(spec, name).length === 0)
    .map((name): Fault => ({
      path: `datasets.${name}`,
      rule: 'a template that reads its columns',
      value: 'none',
      hint: 'Add a dataset with template: {from, …}.',
    }));
  return [...fromDerived, ...idle];
}
