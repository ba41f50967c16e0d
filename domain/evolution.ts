import { isTrainingKind } from './actionTypes.js';
import type { Code } from './encoding.js';
import { compareRows } from './ranking.js';
import type { Random } from './random.js';
import { isLegal, modelsAllowed, sampleAction } from './space.js';
import type { Action, TrialRecord } from './trial.js';
import { settingVariantsOf } from './variants.js';

/**
 * Regularised (aging) evolution (Real et al. 2019, arXiv 1802.01548, algorithm 1) over pipelines. The population is
 * the youngest scored trials, whatever their scores: old ones die. A parent is the best of a random sample of it
 * (feasible before infeasible, which may win where nothing else was drawn). A child is one of
 *
 * - an extension: a new action on the parent's model, so the pipeline grows by a stage;
 * - a mutation: the parent's own action with one thing changed (a parameter, the datasets, a model);
 * - a merge of the parent with the winners of further samples.
 */
export const POPULATION = 25;
export const SAMPLE = 6;

/** What a child is made of; the names stand in reasons. */
const OPERATORS = ['extension', 'mutation', 'merge'] as const;
export interface Child {
  readonly action: Action;
  readonly operator: (typeof OPERATORS)[number];
  readonly parent: TrialRecord;
}

/** The youngest scored trials, the oldest of them first. */
export function populationOf(rows: readonly TrialRecord[]): readonly TrialRecord[] {
  const youngest: TrialRecord[] = [];
  for (let place = rows.length - 1; place >= 0 && youngest.length < POPULATION; place -= 1) {
    const row = rows[place];
    if (row !== undefined && row.score !== null) youngest.unshift(row);
  }
  return youngest;
}

/** The best of `SAMPLE` members drawn with replacement; undefined: there are none. */
export function tournament(population: readonly TrialRecord[], random: Random): TrialRecord | undefined {
  const drawn = Array.from({ length: SAMPLE }, () => random.pick(population) ?? []).flat();
  return [...drawn].sort(compareRows)[0];
}

/** A legal child, which may have been tried before; null where the operator that was drawn gives none. */
export function childOf(code: Code, population: readonly TrialRecord[], random: Random): Child | null {
  const parent = tournament(population, random);
  const operator = random.pick(OPERATORS);
  if (parent === undefined || operator === undefined) return null;
  const action = childAction(code, { population, parent, operator }, random);
  return action === null || !isLegal(code, action) ? null : { action, operator, parent };
}

interface Breeding {
  readonly population: readonly TrialRecord[];
  readonly parent: TrialRecord;
  readonly operator: Child['operator'];
}

function childAction(code: Code, breeding: Breeding, random: Random): Action | null {
  const { parent, operator } = breeding;
  switch (operator) {
    case 'extension':
      return extended(code, parent, random);
    case 'mutation':
      return parent.action === null ? null : mutated(code, breeding, parent.action, random);
    case 'merge':
      return merged(code, breeding, random);
  }
}

function extended(code: Code, parent: TrialRecord, random: Random): Action | null {
  const kinds = code.plan.actions.flatMap(({ kind }) => (isTrainingKind(kind) ? [kind] : []));
  const kind = random.pick(kinds);
  const drawn = kind === undefined ? null : sampleAction(code, kind, random);
  return drawn === null ? null : { ...drawn, models: [parent.stageId, ...drawn.models.slice(1)] };
}

function merged(code: Code, { population, parent }: Breeding, random: Random): Action | null {
  const space = code.plan.actions.find(({ kind }) => kind === 'merge');
  const drawn = space === undefined ? null : sampleAction(code, 'merge', random);
  if (space === undefined || drawn === null) return null;
  const { minimum, maximum } = modelsAllowed(space);
  const count = minimum + random.integer(maximum - minimum + 1);
  const others = Array.from(
    { length: count - 1 },
    () => tournament(population, random)?.stageId ?? [],
  ).flat();
  return { ...drawn, models: [...new Set([parent.stageId, ...others])] };
}

/** First what is changed, evenly, then to what; a model is exchanged for another winner. */
function mutated(code: Code, { population }: Breeding, action: Action, random: Random): Action | null {
  const variants = settingVariantsOf(code, action);
  const of = random.pick([...new Set(['models', ...variants.map((variant) => variant.of)])]);
  if (of !== 'models') return random.pick(variants.filter((variant) => variant.of === of))?.action ?? null;
  const winner = tournament(population, random);
  const place = random.integer(action.models.length);
  return winner === undefined ? null : { ...action, models: action.models.with(place, winner.stageId) };
}
