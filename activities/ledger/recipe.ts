import { nameInPool, type Pool } from '../../domain/pool.js';
import { applicable } from '../../domain/stageOfAction.js';
import { trialName, type Action, type ProposedTrial } from '../../domain/trial.js';

/** One step of a pipeline; a given model has no action. */
export interface RecipeStep {
  readonly model: string;
  readonly action: string | null;
  readonly parents: readonly string[];
  readonly datasets: readonly string[];
  readonly parameters: Readonly<Record<string, number | string>>;
}

/** Every step from the given models to the trial's, parents before their children, each once. */
export function recipeOf(pool: Pool, { trial, action, stageId }: ProposedTrial): readonly RecipeStep[] {
  const steps = new Map<string, RecipeStep>();
  const walk = (id: string, how: Action | null, name: string): void => {
    if (steps.has(id)) return;
    for (const parent of how?.models ?? [])
      walk(parent, pool.get(parent)?.row?.action ?? null, nameInPool(pool, parent));
    steps.set(id, stepOf(pool, how, name));
  };
  walk(stageId, action, action === null ? nameInPool(pool, stageId) : trialName(trial));
  return [...steps.values()];
}

function stepOf(pool: Pool, action: Action | null, model: string): RecipeStep {
  if (action === null) return { model, action: null, parents: [], datasets: [], parameters: {} };
  const parents = action.models.map((id) => nameInPool(pool, id));
  const { kind, datasets } = action;
  return { model, action: kind, parents, datasets, parameters: applicable(action) };
}

/** What a trial does otherwise than the trial that made its only parent; null where they are no two of a kind. */
export interface RecipeDifference {
  readonly parent: string;
  readonly changes: readonly { readonly of: string; readonly from: string; readonly to: string }[];
}

export function differenceToParent(
  pool: Pool,
  { trial, action }: Pick<ProposedTrial, 'trial' | 'action'>,
): RecipeDifference | null {
  const [id, second] = action?.models ?? [];
  if (id === undefined || second !== undefined) return null;
  const own = stepOf(pool, action, trialName(trial));
  const parent = stepOf(pool, pool.get(id)?.row?.action ?? null, nameInPool(pool, id));
  if (parent.action !== own.action) return null;
  const settings = ({ datasets, parameters }: RecipeStep): Readonly<Record<string, string>> => ({
    datasets: datasets.join(' + '),
    ...Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, String(value)])),
  });
  const [from, to] = [settings(parent), settings(own)];
  const changes = [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((of) => from[of] !== to[of])
    .map((of) => ({ of, from: from[of] ?? 'none', to: to[of] ?? 'none' }));
  return { parent: parent.model, changes };
}
