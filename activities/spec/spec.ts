import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse, YAMLError } from 'yaml';
import { ACTION_TYPES, type ActionType, type ParameterType } from '../../domain/actionTypes.js';
import type { BuildKind } from '../../domain/stage.js';
import { didYouMean, faultsOf, shown, type Fault } from './faults.js';
import { knownKeysAt, SpecSchema, type SpaceSpec, type Spec } from './schema.js';

export type Parsed =
  { readonly ok: true; readonly spec: Spec } | { readonly ok: false; readonly faults: readonly Fault[] };

/** Checks a spec's shape, names and ranges; files are another matter (`checkFiles`). All faults at once. */
export function parseSpec(value: unknown): Parsed {
  const parsed = SpecSchema.safeParse(value);
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed.error, value, knownKeysAt) };
  const faults = [...nameFaults(parsed.data), ...parameterFaults(parsed.data), ...senseFaults(parsed.data)];
  return faults.length > 0 ? { ok: false, faults } : { ok: true, spec: parsed.data };
}

/** Reads a YAML or JSON file; relative paths in it are made absolute against the file's folder. */
export async function readSpecFile(file: string): Promise<Parsed> {
  let value: unknown;
  try {
    value = parse(await readFile(file, 'utf8'));
  } catch (error) {
    const why = error instanceof YAMLError ? error.message.split('\n')[0] : 'no readable file';
    return { ok: false, faults: [{ path: file, rule: 'a YAML file', value: why ?? '', hint: '' }] };
  }
  const parsed = parseSpec(value);
  return parsed.ok ? { ok: true, spec: absolutePaths(parsed.spec, dirname(resolve(file))) } : parsed;
}

export function absolutePaths(spec: Spec, root: string): Spec {
  const fix = <T extends { path: string }>(record: Record<string, T>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(record).map(([name, one]) => [name, { ...one, path: resolve(root, one.path) }]),
    );
  return {
    ...spec,
    models: fix(spec.models),
    datasets: fix(spec.datasets),
    benchmarks: fix(spec.benchmarks),
  };
}

function nameFaults(spec: Spec): readonly Fault[] {
  const datasets = Object.keys(spec.datasets);
  const benchmarks = Object.keys(spec.benchmarks);
  const dangling = (path: string, name: string, known: readonly string[], what: string): readonly Fault[] =>
    known.includes(name)
      ? []
      : [{ path, rule: `a ${what} of this spec`, value: name, hint: didYouMean(name, known) }];
  return [
    ...actionsOf(spec).flatMap(([kind, action]) =>
      (action.datasets ?? []).flatMap((name, i) =>
        dangling(`actions.${kind}.datasets.${String(i)}`, name, datasets, 'dataset'),
      ),
    ),
    ...spec.objective.constraints.flatMap(({ benchmark }, i) =>
      dangling(`objective.constraints.${String(i)}.benchmark`, benchmark, benchmarks, 'benchmark'),
    ),
  ];
}

function senseFaults(spec: Spec): readonly Fault[] {
  const faults: Fault[] = [];
  const need = (holds: boolean, path: string, rule: string, value: unknown, hint: string): void => {
    if (!holds) faults.push({ path, rule, value: shown(value), hint });
  };
  need(
    Object.keys(spec.models).length > 0,
    'models',
    'at least one model',
    spec.models,
    'Name a folder with a model.',
  );
  need(
    actionsOf(spec).length > 0,
    'actions',
    'at least one action type',
    spec.actions,
    'Add sft, dpo or merge.',
  );
  const weights = Object.values(spec.benchmarks).map(({ weight }) => weight);
  need(
    weights.some((weight) => weight > 0),
    'benchmarks',
    'at least one with a weight above 0',
    weights,
    'The weights make the objective.',
  );
  need(
    spec.policy !== 'agent' || spec.llm !== undefined,
    'policy',
    'an llm beside the agent policy',
    'none',
    'Add llm: {embedded: true} or llm: {baseUrl, model}.',
  );
  const trains = actionsOf(spec).some(([kind]) => kind !== 'merge');
  need(
    !trains || Object.keys(spec.datasets).length > 0,
    'datasets',
    'at least one for sft or dpo',
    'none',
    'Add a dataset.',
  );
  return faults;
}

function parameterFaults(spec: Spec): readonly Fault[] {
  return actionsOf(spec).flatMap(([kind, action]) =>
    Object.entries(action.parameters).flatMap(([name, space]) => {
      const path = `actions.${kind}.parameters.${name}`;
      const type = ACTION_TYPES[kind].parameters.find((one) => one.name === name);
      if (type !== undefined) return spaceFaults(path, type, space);
      const known = ACTION_TYPES[kind].parameters.map((one) => one.name);
      return [{ path, rule: `a parameter of ${kind}`, value: name, hint: didYouMean(name, known) }];
    }),
  );
}

function spaceFaults(path: string, type: ParameterType, space: SpaceSpec): readonly Fault[] {
  if (typeof space !== 'object' || Array.isArray(space)) {
    const values = Array.isArray(space) ? space : [space];
    return values.flatMap((value, i) =>
      valueFaults(Array.isArray(space) ? `${path}.${String(i)}` : path, type, value),
    );
  }
  if (type.type === 'choice')
    return [
      {
        path,
        rule: `one of ${(type.choices ?? []).join(', ')}`,
        value: shown(space),
        hint: 'It has no range.',
      },
    ];
  const order = space.low < space.high && (space.scale === 'linear' || space.low > 0);
  const ordered = order
    ? []
    : [
        {
          path,
          rule: space.scale === 'log' ? '0 < low < high' : 'low < high',
          value: shown(space),
          hint: '',
        },
      ];
  return [
    ...ordered,
    ...valueFaults(`${path}.low`, type, space.low),
    ...valueFaults(`${path}.high`, type, space.high),
  ];
}

function valueFaults(path: string, type: ParameterType, value: number | string): readonly Fault[] {
  if (type.type === 'choice') {
    const choices = type.choices ?? [];
    if (choices.includes(String(value))) return [];
    return [
      {
        path,
        rule: `one of ${choices.join(', ')}`,
        value: shown(value),
        hint: didYouMean(String(value), choices),
      },
    ];
  }
  const { minimum = -Infinity, maximum = Infinity } = type;
  const whole = type.type === 'number' || Number.isInteger(value);
  if (typeof value === 'number' && whole && value >= minimum && value <= maximum) return [];
  const what = type.type === 'integer' ? 'a whole number' : 'a number';
  return [
    {
      path,
      rule: `${what} from ${String(minimum)} to ${String(maximum)}`,
      value: shown(value),
      hint: `It is the ${type.meaning}.`,
    },
  ];
}

type ActionSpec = NonNullable<Spec['actions'][BuildKind]>;
export function actionsOf(spec: Spec): readonly (readonly [BuildKind, ActionSpec])[] {
  const kinds = Object.keys(ACTION_TYPES) as readonly (keyof Record<BuildKind, ActionType>)[];
  return kinds.flatMap((kind) => {
    const action = spec.actions[kind];
    return action === undefined ? [] : [[kind, action] as const];
  });
}
