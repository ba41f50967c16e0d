import { decodeAction, type Code } from '../../domain/encoding.js';
import { sampledPoints } from '../../domain/sampledPoints.js';
import { isNew } from '../../domain/space.js';
import { stageIdOf } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { FlatValues, Slate, SuggestRequest } from '../../domain/suggestion.js';
import type { Action } from '../../domain/trial.js';
import { variantsOf } from '../../domain/variants.js';
import type { PolicyContext } from './policy.js';

/** What is asked of the sampler: some suggestions more than one, since the space has legal and new points only by luck. */
export function requestFor(context: PolicyContext, code: Code, count: number): SuggestRequest {
  return {
    schemaVersion: 1,
    seed: `${context.plan.seed}/${String(context.decision)}`,
    count,
    dimensions: code.dimensions,
    points: sampledPoints(code, context),
  };
}

/** A new legal action of a slate, and which suggestion (from 0) it is; `exact` where nothing had to be mended. */
export interface FromSlate {
  readonly action: Action;
  readonly place: number;
  readonly exact: boolean;
}

/**
 * The first suggestion whose nearest action is new; else, of the first that has one, the new action nearest to it.
 * null: the slate holds nothing new.
 */
export function firstNew(context: PolicyContext, code: Code, { suggestions }: Slate): FromSlate | null {
  const decoded = suggestions.map((values) => actionOf(context, code, values));
  const place = decoded.findIndex((action) => action !== null && isNew(context, action));
  const action = decoded[place];
  if (action !== undefined && action !== null) return { action, place, exact: true };
  for (const [index, tried] of decoded.entries()) {
    const near = tried === null ? null : nearestNew(context, code, tried);
    if (near !== null) return { action: near, place: index, exact: false };
  }
  return null;
}

/** The new legal actions that a slate holds as they are, each once, best first. */
export function newOnes(context: PolicyContext, code: Code, { suggestions }: Slate): readonly Action[] {
  const found = new Map<string, Action>();
  for (const values of suggestions) {
    const action = actionOf(context, code, values);
    if (action === null || !isNew(context, action)) continue;
    const stageId = stageIdOf(stageOfAction(context.plan, action));
    if (!found.has(stageId)) found.set(stageId, action);
  }
  return [...found.values()];
}

function actionOf(context: PolicyContext, code: Code, values: FlatValues): Action | null {
  return decodeAction(code, values, context.random('datasets of a suggestion'));
}

function nearestNew(context: PolicyContext, code: Code, action: Action): Action | null {
  const near = [...variantsOf(code, action)].sort((a, b) => a.distance - b.distance);
  return near.find((variant) => isNew(context, variant.action))?.action ?? null;
}
