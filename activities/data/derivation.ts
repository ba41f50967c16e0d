import type { JsonObject } from '../../domain/json.js';

/** A dataset of the store, as operations read it: as often as they want, a line at a time. */
export interface DerivationInput {
  readonly name: string;
  readonly stageId: string;
  readonly rows: number;
  readonly file: string;
}

/** The rows of a derived dataset. */
export interface Derived {
  /** JSON, a row each, without line ends. */
  readonly lines: AsyncIterable<Buffer>;
  /** Rows left out, by reason; complete when all lines are read. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** `parameters`: those that apply, defaults filled in. */
export type Derive = (inputs: readonly DerivationInput[], parameters: JsonObject, seed: string) => Derived;

/** What the user can mend: inputs and parameters that can't give what is asked for. */
export class Underivable extends Error {
  override readonly name = 'Underivable';
  constructor(
    readonly rule: string,
    readonly value: string,
    readonly hint: string,
  ) {
    super(`expected ${rule}, got ${value}. ${hint}`);
  }
}

/** The one input of an operation that has one. */
export function onlyInput(inputs: readonly DerivationInput[]): DerivationInput {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1)
    throw new Error(`inputs of the operation: expected one, got ${String(inputs.length)}`);
  return input;
}
