import { ACTION_TYPES, isTrainingKind } from '../../domain/actionTypes.js';
import { asksLlm } from '../../domain/llmTurns.js';
import { BUILD_KINDS } from '../../domain/stage.js';
import { actionsOf } from './actions.js';
import { clashes } from './clashes.js';
import { datasetSenseFaults } from './datasetSense.js';
import { didYouMean, shown, valueAt, type Fault } from './faults.js';
import type { Spec } from './schema.js';
import { workerFaults } from './workers.js';

/** Names that stand in the spec, those of faulty entries included: a reference to one of them is no second fault. */
interface KnownNames {
  readonly models: readonly string[];
  readonly datasets: readonly string[];
  readonly actions: readonly string[];
  readonly benchmarks: readonly string[];
}

function knownNames(value: unknown): KnownNames {
  const names = (key: string): readonly string[] => {
    const section = valueAt(value, key);
    return typeof section === 'object' && section !== null ? Object.keys(section) : [];
  };
  return {
    models: names('models'),
    datasets: names('datasets'),
    actions: names('actions'),
    benchmarks: names('benchmarks'),
  };
}

/** What the shape of a spec can't say: names that lead nowhere, and settings that can't work together. */
export function senseFaults(value: unknown, rest: Spec): readonly Fault[] {
  const known = knownNames(value);
  return [
    ...danglingNames(value, known),
    ...missingParts(rest, known),
    ...objectiveFaults(rest, known),
    ...fidelityFaults(rest),
    ...workerFaults(valueAt(value, 'workers'), rest.workers),
    ...clashes(rest),
    ...datasetSenseFaults(value, rest),
  ];
}

/** Read from the spec as written, since faulty parts are missing from what was parsed. */
function danglingNames(value: unknown, known: KnownNames): readonly Fault[] {
  const datasets = BUILD_KINDS.flatMap((kind) => {
    const path = `actions.${kind}.datasets`;
    return listAt(value, 'actions', kind, 'datasets').flatMap((name, index) =>
      dangling(`${path}.${String(index)}`, name, 'dataset', known.datasets),
    );
  });
  const benchmarks = listAt(value, 'objective', 'constraints').flatMap((constraint, index) => {
    const path = `objective.constraints.${String(index)}.benchmark`;
    return dangling(path, valueAt(constraint, 'benchmark'), 'benchmark', known.benchmarks);
  });
  return [...datasets, ...benchmarks];
}

function dangling(path: string, name: unknown, what: string, known: readonly string[]): readonly Fault[] {
  if (typeof name !== 'string' || known.includes(name)) return [];
  const hint = known.length === 0 ? `The spec has no ${what}s.` : didYouMean(name, known);
  return [{ path, rule: `the name of a ${what}`, value: shown(name), hint }];
}

function missingParts(spec: Spec, known: KnownNames): readonly Fault[] {
  const faults: Fault[] = [];
  const empty = (path: string, rule: string, hint: string): void => {
    faults.push({ path, rule, value: 'none', hint });
  };
  if (known.models.length === 0) empty('models', 'at least one model', 'Name a folder with a model.');
  if (known.actions.length === 0)
    empty('actions', 'at least one action type', `Add one of ${BUILD_KINDS.join(', ')}.`);
  if (known.benchmarks.length === 0) empty('benchmarks', 'at least one benchmark', 'Name a folder.');
  if (spec.policy !== 'auto' && asksLlm(spec.policy) && spec.llm === undefined)
    empty('llm', `an llm for the ${spec.policy} policy`, 'Add baseUrl and model, or embedded: true.');
  const trained = actionsOf(spec).filter(({ kind }) => isTrainingKind(kind));
  if (known.datasets.length > 0) return faults;
  for (const { kind, datasets } of trained) {
    const shape = ACTION_TYPES[kind].data.join(' or ');
    if (datasets === null) empty(`actions.${kind}`, `${shape} data`, `Add a dataset, or leave ${kind} out.`);
  }
  return faults;
}

function objectiveFaults(spec: Spec, known: KnownNames): readonly Fault[] {
  const weights = Object.values(spec.benchmarks).map(({ weight }) => weight);
  const whole = weights.length === known.benchmarks.length;
  if (!whole || weights.length === 0 || weights.some((weight) => weight > 0)) return [];
  const hint = 'Give a weight to what the search should raise.';
  return [{ path: 'benchmarks', rule: 'at least one weight above 0', value: shown(weights), hint }];
}

/** A smallest share above 1/reduction would leave all of the data as the only rung. */
function fidelityFaults({ fidelity }: Spec): readonly Fault[] {
  if (fidelity === undefined || fidelity.smallest * fidelity.reduction <= 1) return [];
  const rule = `at most 1/${String(fidelity.reduction)}, so that there is a rung below all of the data`;
  const hint = 'Lower it, or leave fidelity out.';
  return [{ path: 'fidelity.smallest', rule, value: shown(fidelity.smallest), hint }];
}

function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const list = path.reduce<unknown>(valueAt, value);
  return Array.isArray(list) ? list : [];
}
