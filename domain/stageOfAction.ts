import { ACTION_TYPES, MERGE_METHODS } from './actionTypes.js';
import type { JsonObject } from './json.js';
import { withDefaults, type ParameterValues } from './parameterSpace.js';
import type { Plan } from './plan.js';
import { rewardInput } from './reward.js';
import { RECIPE_VERSIONS, type Stage } from './stage.js';
import type { Action } from './trial.js';

/** The stage that an action makes. Equal actions make equal stages, in whatever order objects are named that has no meaning. */
export function stageOfAction(plan: Plan, action: Action): Stage {
  const common = { kind: action.kind, recipeVersion: RECIPE_VERSIONS[action.kind], seed: plan.seed };
  if (action.kind === 'merge') {
    const inputs = mergeInputs(plan, action);
    return { ...common, inputs, parameters: mergeParameters(action, inputs.models) };
  }
  const data = action.datasets.map((name) => datasetId(plan, name)).sort();
  const parameters = applicable(action);
  const inputs = { ...modelInputs(action), data, ...rewardInput(plan, parameters) };
  return { ...common, inputs, parameters };
}

/** One input for the model that is trained, or one for each role. */
function modelInputs({ kind, models }: Action): Readonly<Record<string, readonly string[]>> {
  const { roles } = ACTION_TYPES[kind].models;
  if (roles === undefined) return { model: models };
  return Object.fromEntries(roles.map((role, place) => [role, models.slice(place, place + 1)]));
}

/** The parameters whose condition holds, in the table's order; what the action doesn't name has its default. */
export function applicable({ kind, parameters }: Action): ParameterValues {
  return withDefaults(ACTION_TYPES[kind].parameters, parameters);
}

function mergeInputs(
  plan: Plan,
  action: Action,
): { readonly models: readonly string[]; readonly base?: readonly string[] } {
  const method = MERGE_METHODS[String(applicable(action)['method'])];
  const models = method?.ordered === true ? action.models : [...action.models].sort();
  if (method?.needsBase !== true) return { models };
  const [base] = plan.models;
  if (base === undefined) throw new Error('models: expected at least one in the plan, got none');
  return { models, base: [base.stageId] };
}

/** Uniform weights, which methods of means divide by the sum of; -1 for a model whose task is subtracted. */
function mergeParameters(action: Action, models: readonly string[]): JsonObject {
  const { subtracted = 0, ...parameters } = applicable(action);
  const added = action.models.length - Number(subtracted);
  return { ...parameters, weights: models.map((id) => (action.models.indexOf(id) < added ? 1 : -1)) };
}

function datasetId(plan: Plan, name: string): string {
  const found = plan.datasets.find((dataset) => dataset.name === name);
  if (found === undefined) throw new Error(`dataset: expected one of the plan's, got ${name}`);
  return found.stageId;
}

/** One line for people: what is done to what, with the parameters that vary in this search and the merge method. */
export function describeAction(plan: Plan, action: Action, nameOf: (stageId: string) => string): string {
  const on = action.models.map(nameOf).join(' + ');
  const data = action.datasets.length > 0 ? `: ${action.datasets.join(', ')}` : '';
  const settings = Object.entries(applicable(action))
    .filter(([name]) => name === 'method' || varies(plan, action, name))
    .map(([name, value]) => `${name}=${String(value)}`);
  return `${[action.kind, ...settings].join(' ')} on ${on}${data}`;
}

function varies(plan: Plan, action: Action, parameter: string): boolean {
  const space = plan.actions.find(({ kind }) => kind === action.kind)?.parameters[parameter];
  return space !== undefined && (space.kind === 'range' || space.values.length > 1);
}
