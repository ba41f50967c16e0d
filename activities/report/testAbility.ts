import { fastIntegers } from '../../domain/fastRandom.js';
import { applicable } from '../../domain/stageOfAction.js';
import type { Action } from '../../domain/trial.js';
import type { Random } from '../../domain/random.js';

/** The share of items that a simulated model answers right, by benchmark: the truth behind its scores. */
export interface Ability {
  readonly tools: number;
  readonly following: number;
}
export const BASE: Ability = { tools: 0.38, following: 0.8 };
export const ITEMS = 400;

/** What an action makes of its models: training gains less the more there is, forgets a little, merging averages. */
export function abilityAfter(action: Action, parents: readonly Ability[], random: Random): Ability {
  const noise = (): number => (random.real() - 0.5) * 0.02;
  const tools = mean(parents.map((one) => one.tools));
  const following = mean(parents.map((one) => one.following));
  if (action.kind === 'merge')
    return bounded(tools + 0.008 * parents.length + noise(), following + 0.012 * parents.length + noise());
  const rate = Number(applicable(action)['learningRate']);
  const fit = Math.exp(-(((Math.log10(rate) + (action.kind === 'sft' ? 3.7 : 5.2)) / 0.7) ** 2));
  if (action.kind === 'dpo')
    return bounded(tools + 0.02 * fit + noise(), following + 0.03 * fit - 0.01 + noise());
  const gain = 0.34 * fit * (0.6 - tools) * (action.datasets.includes('tool-calls') ? 1 : 0.35);
  return bounded(tools + gain + noise(), following - 0.035 * fit - (rate > 4e-4 ? 0.06 : 0) + noise());
}

/** 1 or 0 an item: its difficulty is shared by all models, and each has a little luck of its own. */
export function itemsOf(
  ability: number,
  of: { readonly benchmark: string; readonly split: string; readonly trial: number },
): readonly number[] {
  const difficulty = fastIntegers(`difficulty ${of.benchmark} ${of.split}`);
  const luck = fastIntegers(`luck ${of.benchmark} ${of.split} ${String(of.trial)}`);
  return Array.from({ length: ITEMS }, () => ((difficulty(1000) + luck(300) - 150) / 1000 < ability ? 1 : 0));
}

function bounded(tools: number, following: number): Ability {
  const within = (value: number): number => Math.min(0.98, Math.max(0.02, value));
  return { tools: within(tools), following: within(following) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
