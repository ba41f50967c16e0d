import type { JsonObject } from '../json.js';
import { RECIPE_VERSIONS, type Stage } from '../stage.js';
import { applicableTo } from './applicable.js';
import { OPERATIONS, type OperationName } from './operations.js';

/**
 * The stage of a derived dataset: its id follows from the operation, its parameters and inputs, and the seed where it
 * draws. `inputs`: stage ids in the operation's order. A mixture's stand in the order of their ids, since the order in
 * which it names them means nothing.
 */
export function derivedStage(
  operation: OperationName,
  {
    written,
    inputs,
    seed,
  }: { readonly written: JsonObject; readonly inputs: readonly string[]; readonly seed: string },
): Stage {
  const { version, isRandom } = OPERATIONS[operation];
  const parameters = applicableTo(operation, written);
  const order = operation === 'mixture' ? [...inputs.keys()].sort(byId(inputs)) : [...inputs.keys()];
  return {
    kind: 'dataset',
    recipeVersion: RECIPE_VERSIONS.dataset,
    inputs: { data: order.map((at) => inputs[at] ?? '') },
    parameters: { operation, operationVersion: version, ...parameters, ...weightsIn(order, parameters) },
    seed: isRandom ? seed : '0',
  };
}

function byId(inputs: readonly string[]): (a: number, b: number) => number {
  return (a, b) => ((inputs[a] ?? '') < (inputs[b] ?? '') ? -1 : 1);
}

function weightsIn(order: readonly number[], { weights }: JsonObject): JsonObject {
  return Array.isArray(weights)
    ? { weights: order.map((at) => (weights as readonly number[])[at] ?? 0) }
    : {};
}

/** Whether training keeps the order of its rows: a curriculum, or what is made of one without mixing its rows. */
export function keepsOrder(
  operation: OperationName,
  inputs: readonly { readonly keepsOrder?: boolean }[],
): boolean {
  if (operation === 'curriculum') return true;
  return operation !== 'mixture' && operation !== 'template' && inputs[0]?.keepsOrder === true;
}
