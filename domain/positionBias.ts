import { chiSquaredTail } from './chiSquared.js';
import type { ChoicePosition, DecisionRecord } from './decision.js';
import { fastIntegers } from './fastRandom.js';

/** Whether an LLM's accepted choices stand evenly over the places of the shuffled lists it was shown. */
export interface PositionBias {
  /** Choices counted, and the questions they answer: several choices from one list are one question. */
  readonly choices: number;
  readonly questions: number;
  /** Pearson's X², summed over the lengths of lists, with its degrees of freedom. */
  readonly statistic: number;
  readonly freedom: number;
  /** The chance of such a statistic or a greater one when places mean nothing, by the chi-squared distribution. */
  readonly p: number;
  /** The same by drawing places at random, up to 2,000 times: right for small cells and for several choices from one list. */
  readonly drawnP: number;
  /** The smallest expected count of a cell. */
  readonly smallestCell: number;
  readonly first: Share;
  readonly last: Share;
}
/** The share of choices at a place, and what it would be if places meant nothing. */
export interface Share {
  readonly observed: number;
  readonly expected: number;
}

/** Cochran's rule: below this many expected in a cell the chi-squared distribution is no good guide. */
export const SMALL_CELL = 5;
const MOST_DRAWS = 2000;
const LEAST_DRAWS = 200;
/** Places drawn in all, at most; past that the cells are large and fewer repetitions do. */
const MOST_PLACES = 4_000_000;

/** One question: how long its list was, and the places (from 0) that were chosen from it. */
interface Question {
  readonly options: number;
  readonly places: readonly number[];
}

/**
 * Pearson's test (1900) of uniform places, one multinomial for each length of list. Questions that leave no choice (one
 * option, or all of them chosen) say nothing and are left out. null: nothing to test.
 */
export function positionBias(decisions: readonly Pick<DecisionRecord, 'positions'>[]): PositionBias | null {
  const questions = decisions.flatMap(questionsOf);
  const choices = questions.flatMap(({ options, places }) => places.map((place) => ({ options, place })));
  if (choices.length === 0) return null;
  const { statistic, freedom, smallestCell } = pearson(questions);
  const share = (isThere: (one: (typeof choices)[number]) => boolean): Share => ({
    observed: choices.filter(isThere).length / choices.length,
    expected: choices.reduce((total, { options }) => total + 1 / options, 0) / choices.length,
  });
  return {
    ...{ choices: choices.length, questions: questions.length, statistic, freedom, smallestCell },
    p: chiSquaredTail(statistic, freedom),
    drawnP: drawnTail(questions, statistic),
    first: share(({ place }) => place === 0),
    last: share(({ options, place }) => place === options - 1),
  };
}

function questionsOf({ positions }: Pick<DecisionRecord, 'positions'>): readonly Question[] {
  const byList = new Map<string, ChoicePosition[]>();
  for (const one of positions.filter(({ position }) => position >= 0))
    byList.set(one.of, [...(byList.get(one.of) ?? []), one]);
  return [...byList.values()].flatMap((chosen) => {
    const options = chosen[0]?.options ?? 0;
    const places = chosen.map(({ position }) => position);
    return options > places.length ? [{ options, places }] : [];
  });
}

function pearson(questions: readonly Question[]): {
  readonly statistic: number;
  readonly freedom: number;
  readonly smallestCell: number;
} {
  const counts = new Map<number, number[]>();
  for (const { options, places } of questions) {
    const cells = counts.get(options) ?? new Array<number>(options).fill(0);
    counts.set(options, cells);
    for (const place of places) cells[place] = (cells[place] ?? 0) + 1;
  }
  const lists = [...counts].map(([options, cells]) => {
    const expected = cells.reduce((total, count) => total + count, 0) / options;
    return { options, expected, square: cells.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0) };
  });
  return {
    statistic: lists.reduce((sum, { square }) => sum + square, 0),
    freedom: lists.reduce((sum, { options }) => sum + options - 1, 0),
    smallestCell: Math.min(...lists.map(({ expected }) => expected)),
  };
}

/** Monte Carlo with the seed fixed; (hits + 1) / (draws + 1), so that it is never 0 (Davison and Hinkley 1997, 4.2). */
function drawnTail(questions: readonly Question[], statistic: number): number {
  const integer = fastIntegers('position bias');
  const choices = questions.reduce((total, { places }) => total + places.length, 0);
  const draws = Math.max(LEAST_DRAWS, Math.min(MOST_DRAWS, Math.floor(MOST_PLACES / choices)));
  let hits = 0;
  for (let draw = 0; draw < draws; draw += 1) {
    const drawn = questions.map(({ options, places }) => ({
      options,
      places: distinctPlaces(options, places.length, integer),
    }));
    if (pearson(drawn).statistic >= statistic - 1e-9) hits += 1;
  }
  return (hits + 1) / (draws + 1);
}

function distinctPlaces(options: number, count: number, integer: (n: number) => number): readonly number[] {
  const places = new Set<number>();
  while (places.size < count) places.add(integer(options));
  return [...places];
}
