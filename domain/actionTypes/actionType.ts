import type { DataShape } from '../dataShapes.js';
import type { BuildKind, ScorerKind } from '../stage.js';

/** One hyper-parameter of an action type: its range, default and meaning. Schema, docs, prompts and checks come from here. */
export interface ParameterType {
  readonly name: string;
  readonly type: 'number' | 'integer' | 'choice';
  /** Inclusive bounds of a number or integer. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  readonly default: number | string;
  /** The parameter exists only when another one has one of these values. */
  readonly when?: { readonly parameter: string; readonly isOneOf: readonly string[] };
  /** A value may also be a text of anchors by layer, such as `0.2, 0.8` (`gradient.ts`). */
  readonly byLayer?: boolean;
  /** A stage leaves it out where it has its default: what stages from before it existed did. */
  readonly unsaidAtDefault?: boolean;
  readonly meaning: string;
}

export interface ParameterFault {
  readonly parameter: string;
  readonly rule: string;
  readonly value: string;
}

export interface ActionType<Kind extends BuildKind | ScorerKind = BuildKind> {
  readonly kind: Kind;
  readonly title: string;
  readonly paper: string;
  /** Fewest and most pool models the action applies to. */
  readonly models: {
    readonly minimum: number;
    readonly maximum: number;
    /**
     * Each model has a part of its own, in this order, and they may differ in size: a stage has one input of each name.
     * The first is what is trained.
     */
    readonly roles?: readonly string[];
  };
  /** The shapes of dataset it trains on; none: it doesn't train. */
  readonly data: readonly DataShape[];
  readonly parameters: readonly ParameterType[];
  /** What is wrong with values that are right one by one, or null. */
  readonly fault?: (values: Readonly<Record<string, number | string>>) => ParameterFault | null;
}
