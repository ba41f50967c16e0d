import { ACTION_TYPES, isTrainingKind } from './actionTypes.js';
import { classesFor, largestMemory, type GpuFleet } from './gpuClass.js';
import { memoryNeed, shapeOfSize, type MemoryNeed, type ModelShape } from './memory.js';
import { enumerateParameters, type ParameterValues } from './parameterSpace.js';
import type { ActionSpace, ParameterSpace, PlannedModel } from './plan.js';
import type { BuildKind } from './stage.js';

/** The parameters that a floor depends on, and the one that only a forecast does. */
const DECIDING = ['tuning', 'loraRank', 'freeze'];
const LENGTH = 'maxLength';

export type SizedSpace = Pick<ActionSpace, 'kind' | 'parameters'>;
export interface SizedModel {
  readonly name: string;
  readonly shape: ModelShape;
}

/** What one action type takes on one model with one way of tuning. */
export interface MemoryForecast {
  readonly kind: BuildKind | 'evaluate';
  readonly tuning: string | null;
  readonly model: string;
  /** The least of all its settings, and the forecast of the largest. */
  readonly need: MemoryNeed;
  /** Where it begins, then where it goes when it runs out of memory; empty where no class is known. */
  readonly classes: readonly string[];
  /** No class holds its floor. */
  readonly isImpossible: boolean;
}

/** The plan's models; those of plans and objects without a shape are known by their size alone. */
export function sizedModels(models: readonly PlannedModel[]): readonly SizedModel[] {
  return models.map(({ name, parameterCount, shape }) => ({
    name,
    shape: shape ?? shapeOfSize(parameterCount),
  }));
}

/** The shape of a model of the pool, which shares that of the given model of its size. */
export function shapeOfPoolModel(models: readonly PlannedModel[], parameterCount: number): ModelShape {
  const given = models.find((one) => one.parameterCount === parameterCount && one.shape !== undefined);
  return given?.shape ?? shapeOfSize(parameterCount);
}

/** By action type, model and way of tuning; what nothing is known to be needed for (merges) is left out. */
export function memoryForecasts(
  spaces: readonly SizedSpace[],
  models: readonly SizedModel[],
  fleet: GpuFleet | undefined,
): readonly MemoryForecast[] {
  const trained = spaces.filter(({ kind }) => isTrainingKind(kind));
  return models.flatMap(({ name, shape }) => {
    const scored = forecast('evaluate', null, { name, needs: [memoryNeed('evaluate', {}, [shape])], fleet });
    const all = trained.flatMap(({ kind, parameters }) => {
      const settings = settingsOf(kind, { ...parameters, [LENGTH]: highest(parameters[LENGTH]) });
      const tunings = [...new Set(settings.map(({ tuning }) => String(tuning)))];
      return tunings.map((tuning) => {
        const needs = settings
          .filter((one) => String(one['tuning']) === tuning)
          .map((values) => leastNeed(kind, values, { shape, models }));
        return forecast(kind, tuning, { name, needs, fleet });
      });
    });
    return [...all, scored];
  });
}

function forecast(
  kind: MemoryForecast['kind'],
  tuning: string | null,
  of: {
    readonly name: string;
    readonly needs: readonly MemoryNeed[];
    readonly fleet: GpuFleet | undefined;
  },
): MemoryForecast {
  const need = {
    floor: Math.min(...of.needs.map(({ floor }) => floor)),
    about: Math.max(...of.needs.map(({ about }) => about)),
  };
  const isImpossible = need.floor > largestMemory(of.fleet);
  const classes = of.fleet === undefined || isImpossible ? [] : classesFor(of.fleet, kind, need);
  return { kind, tuning, model: of.name, need, classes: classes.map(({ name }) => name), isImpossible };
}

/** The same space without listed values that no class can hold on any of the models, and what was left out. */
export function withoutImpossible<Space extends SizedSpace>(
  space: Space,
  models: readonly SizedModel[],
  fleet: GpuFleet | undefined,
): { readonly space: Space; readonly notes: readonly string[] } {
  if (fleet === undefined || !isTrainingKind(space.kind)) return { space, notes: [] };
  const possible = settingsOf(space.kind, space.parameters).filter((values) =>
    models.some(
      ({ shape }) => leastNeed(space.kind, values, { shape, models }).floor <= largestMemory(fleet),
    ),
  );
  const notes: string[] = [];
  const kept = Object.entries(space.parameters).map(([name, of]): [string, ParameterSpace] => {
    if (of.kind !== 'choices' || !DECIDING.includes(name)) return [name, of];
    const values = of.values.filter((value) => possible.some((one) => (one[name] ?? value) === value));
    if (values.length === of.values.length || values.length === 0) return [name, of];
    const gone = of.values.filter((value) => !values.includes(value)).join(', ');
    notes.push(
      `actions.${space.kind}.parameters.${name}: ${gone} left out, since no class of workers has the memory for it`,
    );
    return [name, { ...of, values }];
  });
  return { space: { ...space, parameters: Object.fromEntries(kept) }, notes };
}

/** The settings that needs depend on: every combination of the listed values, and the lower end of ranges. */
function settingsOf(kind: BuildKind, parameters: ActionSpace['parameters']): readonly ParameterValues[] {
  const types = ACTION_TYPES[kind].parameters.filter(({ name }) => [...DECIDING, LENGTH].includes(name));
  const spaces = Object.fromEntries(
    types.flatMap(({ name }) => {
      const of = parameters[name];
      return of === undefined ? [] : [[name, of.kind === 'range' ? choice(of.low) : of]];
    }),
  );
  return [...enumerateParameters(types, spaces)];
}

/** With the smallest of the models as its teacher, where it has one. */
function leastNeed(
  kind: BuildKind,
  values: ParameterValues,
  { shape, models }: { readonly shape: ModelShape; readonly models: readonly SizedModel[] },
): MemoryNeed {
  const smallest = models.reduce(
    (least, one) => (one.shape.parameters < least.parameters ? one.shape : least),
    shape,
  );
  const teachers = (ACTION_TYPES[kind].models.roles ?? []).slice(1).map(() => smallest);
  return memoryNeed(kind, values, [shape, ...teachers]);
}

function highest(space: ParameterSpace | undefined): ParameterSpace {
  if (space === undefined) return choice(0);
  return choice(space.kind === 'range' ? space.high : Math.max(...space.values.map(Number)));
}

function choice(value: number): ParameterSpace {
  return { kind: 'choices', values: [value] };
}
