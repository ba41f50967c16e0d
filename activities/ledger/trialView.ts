import type { Plan } from '../../domain/plan.js';
import type { Estimate } from '../../domain/result.js';
import { poolOf, type Pool } from '../../domain/pool.js';
import { trialName, type ProposedTrial, type TrialRecord } from '../../domain/trial.js';
import { attemptsOf, type AttemptRow } from './attempts.js';
import { decisionView, originText, type DecisionView } from './decisionView.js';
import type { StoredExploration } from './read.js';
import { differenceToParent, recipeOf, type RecipeDifference, type RecipeStep } from './recipe.js';
import { scoreViews, unpairedDifference, type ScoreView } from './trialScores.js';
import { intervalOf, stateOf } from './views.js';

/** `lamdagent show NAME TRIAL --json`: why the trial was proposed, what it is, how it did, and what it cost. */
export interface TrialView {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly trial: string;
  readonly label: string;
  /** running: it was proposed and has no row yet; unbooked: the exploration ended before it did. */
  readonly status: string;
  readonly message: string;
  readonly origin: string;
  readonly why: DecisionView | null;
  readonly recipe: readonly RecipeStep[];
  readonly differenceToParent: RecipeDifference | null;
  /** The weighted mean of the search split. */
  readonly objective: {
    readonly score: number;
    readonly interval: readonly [number, number];
    readonly feasible: boolean;
    readonly againstBase: Estimate | null;
    readonly againstParents: readonly ({ readonly parent: string } & Estimate)[];
  } | null;
  readonly scores: readonly ScoreView[];
  /** Scored again on a later split. */
  readonly later: readonly { readonly split: string; readonly scores: Readonly<Record<string, number>> }[];
  readonly cost: {
    readonly gpuSeconds: number;
    readonly lostGpuSeconds: number;
    readonly savedGpuSeconds: number;
  };
  readonly attempts: readonly AttemptRow[];
  readonly stageId: string;
  readonly weightsSha256: string | null;
}

/** The names of all trials that are on record, proposed ones included, in their order. */
export function trialNames({ rows, decisions }: StoredExploration): readonly string[] {
  const numbers = [...rows.map(({ trial }) => trial), ...decisions.map(({ proposed }) => proposed.trial)];
  return [...new Set(numbers)].sort((a, b) => a - b).map(trialName);
}

/** `t0007`, `t7` or `7` as the number it means; null for anything else. */
export function trialNumber(text: string): number | null {
  const [, digits] = /^t?0*(\d{1,9})$/i.exec(text) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** Null when no such trial is on record. */
export function trialView(found: StoredExploration, trial: number): TrialView | null {
  const row = found.rows.find((one) => one.trial === trial) ?? null;
  const record = found.decisions.find((one) => one.proposed.trial === trial);
  const proposed: ProposedTrial | undefined = row ?? record?.proposed;
  if (proposed === undefined) return null;
  const pool = poolOf(found.plan, found.rows);
  const base = found.rows.find(({ origin }) => origin === 'base') ?? null;
  const recipe = recipeOf(pool, proposed);
  return {
    schemaVersion: 1,
    name: found.plan.name,
    trial: trialName(trial),
    label: proposed.label,
    status: row?.status ?? (stateOf(found) === 'running' ? 'running' : 'unbooked'),
    message: row?.message ?? '',
    origin: record === undefined ? originText(row ?? proposed) : `policy ${record.policy}`,
    why: record === undefined ? null : decisionView(found, record),
    recipe,
    differenceToParent: differenceToParent(pool, proposed),
    objective: row === null ? null : objectiveOf(row, { plan: found.plan, base, pool }),
    scores: row === null ? [] : scoreViews(found.plan, row, base),
    later: laterScores(found, trial),
    cost: costOf(row),
    attempts: attemptsOf(found).filter((one) => one.trial === trialName(trial)),
    stageId: proposed.stageId,
    weightsSha256: row?.weightsSha256 ?? null,
  };
}

function objectiveOf(
  row: TrialRecord,
  { plan, base, pool }: { readonly plan: Plan; readonly base: TrialRecord | null; readonly pool: Pool },
): TrialView['objective'] {
  const interval = intervalOf(plan, row);
  if (row.score === null || interval === null) return null;
  const against = (other: TrialRecord | null): Estimate | null => {
    const [left, right] = [measured(row), other === null ? null : measured(other)];
    return left === null || right === null ? null : unpairedDifference(left, right);
  };
  const againstParents = (row.action?.models ?? []).flatMap((id) => {
    const parent = pool.get(id);
    const difference = against(parent?.row ?? null);
    return parent === undefined || difference === null ? [] : [{ parent: parent.name, ...difference }];
  });
  const { score, feasible } = row;
  return {
    ...{ score, interval, feasible, againstParents },
    againstBase: row.origin === 'base' ? null : against(base),
  };
}

function measured({ score, standardError }: TrialRecord): { score: number; standardError: number } | null {
  return score === null || standardError === null ? null : { score, standardError };
}

function laterScores({ finals }: StoredExploration, trial: number): TrialView['later'] {
  return finals
    .filter(({ result }) => result.trial === trial)
    .map(({ split, result }) => ({
      split,
      scores: Object.fromEntries(Object.entries(result.scores).map(([name, { score }]) => [name, score])),
    }));
}

function costOf(row: TrialRecord | null): TrialView['cost'] {
  const total = (reused: boolean, of: 'gpuSeconds' | 'lostGpuSeconds'): number => {
    const stages = (row?.stages ?? []).filter((stage) => stage.reused === reused);
    return Number(stages.reduce((sum, stage) => sum + stage[of], 0).toFixed(3));
  };
  return {
    gpuSeconds: total(false, 'gpuSeconds'),
    lostGpuSeconds: total(false, 'lostGpuSeconds'),
    savedGpuSeconds: total(true, 'gpuSeconds'),
  };
}
