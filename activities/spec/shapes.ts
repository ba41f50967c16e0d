import { ACTION_TYPES, isTrainingKind } from '../../domain/actionTypes.js';
import { derivationOrder } from '../../domain/data/derivations.js';
import { templateShape } from '../data/rowTemplate.js';
import { actionsOf } from './actions.js';
import type { Shape } from './dataset.js';
import { derivationsOf, derivedDatasets, type DerivedDataset } from './datasets.js';
import type { Fault } from './faults.js';
import type { Spec } from './schema.js';

type Shapes = Readonly<Record<string, Shape>>;

/** The shapes of all datasets: those of files, and what follows from them. What could not be read is left out. */
export function derivedShapes(
  spec: Pick<Spec, 'datasets'>,
  files: Readonly<Record<string, { readonly shape: Shape }>>,
): { readonly shapes: Shapes; readonly found: readonly Fault[] } {
  const shapes = new Map(Object.entries(files).map(([name, { shape }]) => [name, shape] as const));
  const found: Fault[] = [];
  const derived = derivedDatasets(spec);
  for (const name of derivationOrder(derivationsOf(derived))) {
    const dataset = derived.find((one) => one.name === name);
    if (dataset === undefined) continue;
    const fault = mismatch(dataset, shapes);
    if (fault !== null) found.push(fault);
    const shape = shapeOfDerived(dataset, shapes);
    if (shape !== undefined && fault === null) shapes.set(name, shape);
  }
  return { shapes: Object.fromEntries(shapes), found };
}

function shapeOfDerived(
  { operation, written, inputs: [first = ''] }: DerivedDataset,
  shapes: ReadonlyMap<string, Shape>,
): Shape | undefined {
  return operation === 'template' ? templateShape(written) : shapes.get(first);
}

/** Rows of two shapes in one dataset, or columns that no template has read. */
function mismatch(
  { name, operation, inputs }: DerivedDataset,
  shapes: ReadonlyMap<string, Shape>,
): Fault | null {
  if (operation === 'template') return null;
  const known = inputs.flatMap((input) => {
    const shape = shapes.get(input);
    return shape === undefined ? [] : [{ input, shape }];
  });
  const told = known.map(({ input, shape }) => `${input} of shape ${shape}`).join(', ');
  const path = `datasets.${name}.${operation}`;
  if (known.some(({ shape }) => shape === 'columns'))
    return {
      path,
      rule: 'datasets that can be trained on',
      value: told,
      hint: 'Give columns a template first.',
    };
  if (new Set(known.map(({ shape }) => shape)).size > 1)
    return { path, rule: 'datasets of one shape', value: told, hint: '' };
  return null;
}

/** Every action type has data of the shape it trains on. A dataset that could not be read is no second fault. */
export function shapeFaults(spec: Spec, shapes: Shapes): readonly Fault[] {
  const allRead = Object.keys(spec.datasets).every((name) => Object.hasOwn(shapes, name));
  return actionsOf(spec).flatMap(({ kind, datasets: named }): readonly Fault[] => {
    if (!isTrainingKind(kind)) return [];
    const wanted: readonly Shape[] = ACTION_TYPES[kind].data;
    const rule = `a dataset of shape ${wanted.join(' or ')}`;
    if (named === null) {
      const has = Object.values(shapes).some((one) => wanted.includes(one));
      if (has || !allRead || Object.keys(shapes).length === 0) return [];
      const hint = `Add one, or leave ${kind} out.`;
      return [{ path: `actions.${kind}`, rule, value: 'none', hint }];
    }
    return named.flatMap((name, index) => {
      const got = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
      if (got === undefined || wanted.includes(got)) return [];
      const path = `actions.${kind}.datasets.${String(index)}`;
      return [{ path, rule, value: `${name} of shape ${got}`, hint: '' }];
    });
  });
}
