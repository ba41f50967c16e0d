import {
  repeatedGramsShare,
  repeatedLinesShare,
  symbolsShare,
  topGramShare,
  wordsOf,
} from '../../domain/data/repetition.js';
import type { RowParts } from '../../domain/data/rowParts.js';
import type { Json } from '../../domain/json.js';
import { compilePattern } from './patterns.js';

/** Whether a row meets a condition. */
export type RowTest = (parts: RowParts) => boolean;

type Measure = (text: string) => number;
const characters: Measure = (text) => [...text].length;
const words: Measure = (text) => wordsOf(text).length;

/** The condition that a parameter of `filter` sets. */
export function testOf(name: string, value: Json): RowTest {
  const make = TESTS[name];
  if (make === undefined) throw new Error(`condition: expected one of filter's, got ${name}`);
  return make(value);
}

const TESTS: Readonly<Record<string, (value: Json) => RowTest>> = {
  promptCharacters: (value) => ofPrompt(within(value, characters)),
  promptWords: (value) => ofPrompt(within(value, words)),
  answerCharacters: (value) => ofAnswers(within(value, characters)),
  answerWords: (value) => ofAnswers(within(value, words)),
  answerToPrompt: (value) => (parts) => {
    const asked = characters(parts.prompt);
    return asked === 0 || ofAnswers(within(value, (answer) => characters(answer) / asked))(parts);
  },
  promptMatches: (value) => ofPrompt(matchesAll(value)),
  promptLacks: (value) => ofPrompt(matchesNone(value)),
  answerMatches: (value) => ofAnswers(matchesAll(value)),
  answerLacks: (value) => ofAnswers(matchesNone(value)),
  symbols: (value) => ofAnswers(atMost(value, symbolsShare)),
  repeatedLines: (value) => ofAnswers(atMost(value, repeatedLinesShare)),
  top2gram: (value) => ofAnswers(atMost(value, (text) => topGramShare(wordsOf(text), 2))),
  top3gram: (value) => ofAnswers(atMost(value, (text) => topGramShare(wordsOf(text), 3))),
  top4gram: (value) => ofAnswers(atMost(value, (text) => topGramShare(wordsOf(text), 4))),
  repeated5grams: (value) => ofAnswers(atMost(value, (text) => repeatedGramsShare(wordsOf(text), 5))),
  repeated10grams: (value) => ofAnswers(atMost(value, (text) => repeatedGramsShare(wordsOf(text), 10))),
};

type TextTest = (text: string) => boolean;

function ofPrompt(holds: TextTest): RowTest {
  return ({ prompt }) => holds(prompt);
}

function ofAnswers(holds: TextTest): RowTest {
  return ({ answers }) => answers.every(holds);
}

function within(value: Json, measure: Measure): TextTest {
  const { atLeast = 0, atMost: most = Infinity } = value as {
    readonly atLeast?: number;
    readonly atMost?: number;
  };
  return (text) => {
    const measured = measure(text);
    return measured >= atLeast && measured <= most;
  };
}

function atMost(value: Json, measure: Measure): TextTest {
  return (text) => measure(text) <= Number(value);
}

function matchesAll(value: Json): TextTest {
  const patterns = (value as readonly string[]).map(compilePattern);
  return (text) => patterns.every(({ isIn }) => isIn(text));
}

function matchesNone(value: Json): TextTest {
  const patterns = (value as readonly string[]).map(compilePattern);
  return (text) => !patterns.some(({ isIn }) => isIn(text));
}
