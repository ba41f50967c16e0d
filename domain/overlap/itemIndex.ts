import { createVocabulary, eachGram, gramLength, gramsOf, type Vocabulary } from './grams.js';
import { questionText } from './items.js';
import { neededOf, OVERLAP_RULE, type MatchKind } from './rule.js';
import { tokensOf } from './tokens.js';
import type { EvaluationItem, RowTexts } from './texts.js';

export interface Match {
  readonly item: EvaluationItem;
  readonly kind: MatchKind;
}
export interface ItemIndex {
  readonly items: readonly EvaluationItem[];
  /** Every item that the row copies, in the items' order, each once, by the strictest kind. */
  match(row: RowTexts): readonly Match[];
}

/** Items of one normalised question. */
interface Question {
  readonly items: readonly number[];
  readonly length: number;
  readonly grams: readonly number[];
  /** Of them those that no other question has. */
  readonly own: readonly number[];
}
interface Answers {
  /** The grams of each answer; a row has the answer when it has enough of the grams of one. */
  readonly grams: readonly ReadonlySet<number>[];
  readonly lengths: readonly number[];
}

/** Builds the index of all items; a row is then judged in a time that does not depend on how many items there are. */
export function createItemIndex(items: readonly EvaluationItem[]): ItemIndex {
  const vocabulary = createVocabulary();
  const byText = groupByQuestion(items);
  const questions = questionsOf(byText, vocabulary);
  const answers = items.map((item) => answersOf(item, vocabulary));
  const places = new Map([...byText.keys()].map((text, place) => [text, place]));
  const signposts = signpostsOf(questions);
  const lengths = [...new Set(questions.map(({ length }) => length))].filter((length) => length > 1);
  const turnCounts = [...new Set(items.map(({ turns }) => turns.length))];

  const sameQuestion = (row: RowTexts, tokens: readonly (readonly string[])[], found: Found): void => {
    const texts = tokens.map((turn) => turn.join(' '));
    for (const [start, end] of windows(texts.length, turnCounts)) {
      const place = places.get(texts.slice(start, end).join(' '));
      const raw = place === undefined ? '' : row.turns.slice(start, end).join('\n');
      for (const at of place === undefined ? [] : (questions[place]?.items ?? [])) {
        if (found.get(at) === 'exact') continue;
        found.set(at, items[at]?.turns.join('\n') === raw ? 'exact' : 'normalised');
      }
    }
  };

  const alikeQuestion = (row: RowTexts, tokens: readonly (readonly string[])[], found: Found): void => {
    const numbers = tokens.flat().map(vocabulary.find);
    const candidates = new Set<number>();
    for (const length of lengths)
      eachGram(numbers, length, (key) => {
        for (const place of signposts.get(key) ?? []) candidates.add(place);
      });
    if (candidates.size === 0) return;
    const said = row.answers.flatMap(tokensOf).map(vocabulary.find);
    const grams = memo((length) => exactGrams(numbers, length));
    const saidGrams = memo((length) => exactGrams(said, length));
    for (const place of candidates) {
      const question = questions[place];
      if (question === undefined || !standsIn(question, grams(question.length))) continue;
      for (const at of question.items)
        if (!found.has(at) && isAnswered(answers[at], saidGrams)) found.set(at, 'ngram');
    }
  };

  return {
    items,
    match: (row) => {
      const tokens = row.turns.map(tokensOf);
      const found: Found = new Map();
      sameQuestion(row, tokens, found);
      alikeQuestion(row, tokens, found);
      return inOrder(found, items);
    },
  };
}

type Found = Map<number, MatchKind>;

function inOrder(found: Found, items: readonly EvaluationItem[]): readonly Match[] {
  if (found.size === 0) return [];
  return [...found]
    .sort(([a], [b]) => a - b)
    .flatMap(([at, kind]) => (items[at] === undefined ? [] : [{ item: items[at], kind }]));
}

function groupByQuestion(items: readonly EvaluationItem[]): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>();
  items.forEach(({ turns }, at) => {
    const text = questionText(turns);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [at]);
    else group.push(at);
  });
  return groups;
}

function questionsOf(
  byText: ReadonlyMap<string, readonly number[]>,
  vocabulary: Vocabulary,
): readonly Question[] {
  const read = [...byText].map(([text, items]) => {
    const numbers = text.split(' ').map(vocabulary.learn);
    const length = gramLength(numbers.length, OVERLAP_RULE.questionGram);
    return { items, length, grams: [...gramsOf(numbers, OVERLAP_RULE.questionGram)] };
  });
  const askers = countsOf(read.map(({ grams }) => grams));
  return read.map((question) => {
    const grams = question.grams.toSorted((a, b) => (askers.get(a) ?? 0) - (askers.get(b) ?? 0));
    return { ...question, grams, own: grams.filter((key) => askers.get(key) === 1) };
  });
}

function countsOf(lists: readonly (readonly number[])[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const list of lists) for (const key of list) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/**
 * Grams that lead to the questions. A row with enough of a question's grams lacks only a few, so of its rarest ones,
 * a few and one more, it has at least one (prefix filtering): only these are looked up.
 */
function signpostsOf(questions: readonly Question[]): ReadonlyMap<number, readonly number[]> {
  const posts = new Map<number, number[]>();
  questions.forEach(({ length, grams, own }, place) => {
    if (length < 2) return;
    const few = own.length > 0 ? own.slice(0, own.length - neededOf(own.length) + 1) : grams.slice(0, 1);
    for (const key of few) {
      const there = posts.get(key);
      if (there === undefined) posts.set(key, [place]);
      else there.push(place);
    }
  });
  return posts;
}

/** What many questions share (a template, a passage) is no sign of one of them; nor of one that is made of such parts. */
function standsIn({ grams, own }: Question, row: ReadonlySet<number>): boolean {
  if (own.length === 0) return grams.every((key) => row.has(key));
  return hasEnough(row, grams) && hasEnough(row, own);
}

function answersOf({ answers }: EvaluationItem, vocabulary: Vocabulary): Answers {
  const numbers = answers.map((answer) => tokensOf(answer).map(vocabulary.learn));
  const some = numbers.filter(({ length }) => length > 0);
  return {
    grams: some.map((one) => gramsOf(one, OVERLAP_RULE.answerGram)),
    lengths: some.map(({ length }) => gramLength(length, OVERLAP_RULE.answerGram)),
  };
}

function isAnswered(answers: Answers | undefined, said: (length: number) => ReadonlySet<number>): boolean {
  return answers?.grams.some((grams, at) => hasEnough(said(answers.lengths[at] ?? 1), [...grams])) ?? false;
}

function hasEnough(row: ReadonlySet<number>, wanted: readonly number[]): boolean {
  return wanted.filter((key) => row.has(key)).length >= neededOf(wanted.length);
}

/** Grams of just this length. */
function exactGrams(numbers: readonly number[], length: number): ReadonlySet<number> {
  const keys = new Set<number>();
  eachGram(numbers, length, (key) => keys.add(key));
  return keys;
}

function memo<T>(make: (length: number) => T): (length: number) => T {
  const made = new Map<number, T>();
  return (length) => {
    const known = made.get(length) ?? make(length);
    made.set(length, known);
    return known;
  };
}

/** All runs of as many turns as a question may have. */
function windows(turns: number, counts: readonly number[]): readonly (readonly [number, number])[] {
  return counts.flatMap((count) =>
    Array.from({ length: Math.max(0, turns - count + 1) }, (_, start) => [start, start + count] as const),
  );
}
