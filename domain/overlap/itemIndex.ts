import { answersOf, isAnswered, type Answer } from './answers.js';
import { createVocabulary, eachGram, gramsOfLength, UNKNOWN, type Vocabulary } from './grams.js';
import {
  questionsOf,
  signpostsOf,
  standsIn,
  type Paced,
  type Question,
  type Signposts,
} from './questions.js';
import type { MatchKind } from './rule.js';
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

interface Built {
  readonly items: readonly EvaluationItem[];
  readonly vocabulary: Vocabulary;
  readonly questions: readonly Question[];
  readonly answers: readonly (readonly Answer[])[];
  readonly leadTo: Signposts;
  /** Places of the questions by their normal form. */
  readonly places: ReadonlyMap<string, number>;
  /** Lengths of grams that may lead somewhere. */
  readonly lengths: readonly number[];
  /** How many turns questions have. */
  readonly turnCounts: readonly number[];
}
/** One turn of a row: its tokens, and their numbers. */
interface ReadTurn {
  readonly tokens: readonly string[];
  readonly numbers: readonly number[];
}
type Found = Map<number, MatchKind>;

/** The index of all items; a row is judged in a time that hardly depends on how many items there are. */
export function createItemIndex(items: readonly EvaluationItem[]): ItemIndex {
  const building = buildItemIndex(items);
  for (;;) {
    const step = building.next();
    if (step.done === true) return step.value;
  }
}

/** The same in short steps, for whoever has other work to do between them. */
export function* buildItemIndex(items: readonly EvaluationItem[]): Paced<ItemIndex> {
  const vocabulary = createVocabulary();
  const questions = yield* questionsOf(items, vocabulary);
  const answers: (readonly Answer[])[] = [];
  for (const item of items) if (answers.push(answersOf(item.answers, vocabulary)) % 200 === 0) yield;
  const built: Built = {
    ...{ items, vocabulary, questions, answers },
    leadTo: yield* signpostsOf(questions),
    places: new Map(questions.map(({ text }, place) => [text, place])),
    lengths: [...new Set(questions.map(({ length }) => length))].filter((length) => length > 1),
    turnCounts: [...new Set(items.map(({ turns }) => turns.length))],
  };
  return { items, match: (row) => matchesOf(built, row) };
}

function matchesOf(built: Built, row: RowTexts): readonly Match[] {
  const turns = row.turns.map((turn): ReadTurn => {
    const tokens = tokensOf(turn);
    return { tokens, numbers: tokens.map(built.vocabulary.find) };
  });
  const found: Found = new Map();
  findSame(built, row, { turns, found });
  findAlike(built, row, { turns, found });
  if (found.size === 0) return [];
  return [...found]
    .sort(([a], [b]) => a - b)
    .flatMap(([at, kind]) => (built.items[at] === undefined ? [] : [{ item: built.items[at], kind }]));
}

interface Search {
  readonly turns: readonly ReadTurn[];
  readonly found: Found;
}

/** The same question in as many turns in a row as the item has. A turn with a token that no item has is none. */
function findSame(
  { items, questions, places, turnCounts }: Built,
  row: RowTexts,
  { turns, found }: Search,
): void {
  const texts = turns.map(({ tokens, numbers }) => (numbers.includes(UNKNOWN) ? null : tokens.join(' ')));
  for (const [start, end] of windows(texts.length, turnCounts)) {
    const run = texts.slice(start, end);
    const place = run.includes(null) ? undefined : places.get(run.join(' '));
    if (place === undefined) continue;
    const raw = row.turns.slice(start, end).join('\n');
    for (const at of questions[place]?.items ?? [])
      if (found.get(at) !== 'exact')
        found.set(at, items[at]?.turns.join('\n') === raw ? 'exact' : 'normalised');
  }
}

/** Question and answer by their grams, wherever in the row. */
function findAlike(
  { vocabulary, questions, answers, leadTo, lengths }: Built,
  row: RowTexts,
  { turns, found }: Search,
): void {
  const numbers = turns.flatMap((turn) => turn.numbers);
  const candidates = new Set<number>();
  const candidate = (place: number): unknown => candidates.add(place);
  for (const length of lengths)
    eachGram(numbers, length, (key) => {
      leadTo(key, candidate);
    });
  if (candidates.size === 0) return;
  const grams = onceEach((length) => gramsOfLength(numbers, length));
  const said = onceEach((length) => gramsOfLength(spoken(), length));
  const spoken = (): readonly number[] => row.answers.flatMap(tokensOf).map(vocabulary.find);
  for (const place of candidates) {
    const question = questions[place];
    if (question === undefined || !standsIn(question, grams(question.length))) continue;
    for (const at of question.items)
      if (!found.has(at) && isAnswered(answers[at] ?? [], said)) found.set(at, 'ngram');
  }
}

function onceEach<T>(make: (length: number) => T): (length: number) => T {
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
