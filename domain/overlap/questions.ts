import { gramLength, gramsOf, type Vocabulary } from './grams.js';
import { createGramTable, type GramTable } from './gramTable.js';
import { questionText } from './items.js';
import { neededOf, OVERLAP_RULE } from './rule.js';
import type { EvaluationItem } from './texts.js';

/** All items of one normalised question. */
export interface Question {
  /** Its normal form. */
  readonly text: string;
  /** Places in the list of items. */
  readonly items: readonly number[];
  /** Tokens of each of its grams. */
  readonly length: number;
  readonly grams: readonly number[];
  /** Of them those that no other question has. */
  readonly own: readonly number[];
  /** The gram that the fewest questions have. */
  readonly rarest: number;
}

/** Items worked on between two pauses; a step of this many takes milliseconds. */
const PACE = 200;
export type Paced<T> = Generator<undefined, T, undefined>;

/** Groups items by their question and finds what is particular to each; pauses now and then. */
export function* questionsOf(
  items: readonly EvaluationItem[],
  vocabulary: Vocabulary,
): Paced<readonly Question[]> {
  const groups = yield* groupByQuestion(items);
  const askers = createGramTable();
  const read: Omit<Question, 'own' | 'rarest'>[] = [];
  for (const [text, places] of groups) {
    const numbers = text.split(' ').map(vocabulary.learn);
    const grams = [...gramsOf(numbers, OVERLAP_RULE.questionGram)];
    for (const key of grams) askers.set(key, Math.max(0, askers.get(key)) + 1);
    const length = gramLength(numbers.length, OVERLAP_RULE.questionGram);
    if (read.push({ text, items: places, length, grams }) % PACE === 0) yield;
  }
  const questions: Question[] = [];
  for (const question of read) {
    const { grams } = question;
    const own = grams.filter((key) => askers.get(key) === 1);
    if (questions.push({ ...question, own, rarest: rarestOf(grams, askers) }) % PACE === 0) yield;
  }
  return questions;
}

function* groupByQuestion(items: readonly EvaluationItem[]): Paced<ReadonlyMap<string, readonly number[]>> {
  const groups = new Map<string, number[]>();
  for (const [at, { turns }] of items.entries()) {
    const text = questionText(turns);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [at]);
    else group.push(at);
    if (at % PACE === 0) yield;
  }
  return groups;
}

function rarestOf(grams: readonly number[], askers: GramTable): number {
  return grams.reduce((rarest, key) => (askers.get(key) < askers.get(rarest) ? key : rarest), grams[0] ?? 0);
}

/** Calls back with the place of each question that a gram leads to. */
export type Signposts = (key: number, found: (place: number) => void) => void;

/**
 * Grams that lead to the questions. A row with enough of a question's own grams lacks only a few, so of a few of them
 * and one more it has at least one (prefix filtering): only these are looked up. A question without own grams must
 * stand there with all, so its rarest one leads to it.
 */
export function* signpostsOf(questions: readonly Question[]): Paced<Signposts> {
  const latest = createGramTable();
  const posts: { readonly place: number; readonly earlier: number }[] = [];
  for (const [place, { length, own, rarest }] of questions.entries()) {
    if (place % PACE === 0) yield;
    if (length < 2) continue;
    const few = own.length > 0 ? own.slice(0, own.length - neededOf(own.length) + 1) : [rarest];
    for (const key of few) latest.set(key, posts.push({ place, earlier: latest.get(key) }) - 1);
  }
  return (key, found) => {
    for (let post = posts[latest.get(key)]; post !== undefined; post = posts[post.earlier]) found(post.place);
  };
}

/** What many questions share (a template, a passage) is no sign of one of them; nor of one that is made of such parts. */
export function standsIn({ grams, own }: Question, row: ReadonlySet<number>): boolean {
  if (own.length === 0) return grams.every((key) => row.has(key));
  return hasEnough(row, grams) && hasEnough(row, own);
}

export function hasEnough(row: ReadonlySet<number>, wanted: readonly number[]): boolean {
  let there = 0;
  for (const key of wanted) if (row.has(key)) there += 1;
  return there >= neededOf(wanted.length);
}
