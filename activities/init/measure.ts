import { SPLITS, type Split } from '../../domain/plan.js';
import { cutQuestions, FEWEST_ITEMS, HELD_OUT_SHARE } from './cut.js';
import { questionsOf, type DataFile } from './dataFile.js';
import { keyOf, type Question } from './question.js';

/** An item as a benchmark's file has it. */
export interface Item {
  readonly id: string;
  readonly messages: Question['messages'];
  readonly answers: readonly string[];
}
/** A benchmark that is made of a person's file. */
export interface MadeBenchmark {
  readonly name: string;
  readonly of: DataFile;
  readonly items: Readonly<Record<Split, readonly Item[]>>;
  readonly metric: 'exactMatch' | 'f1';
  readonly maxNewTokens: number;
}

/** Too few questions to measure with. */
export class TooFewQuestions extends Error {
  override readonly name = 'TooFewQuestions';
}

/** A benchmark of a file that is there to measure with, or of a share of a training file. Throws TooFewQuestions. */
export async function benchmarkOf(file: DataFile): Promise<MadeBenchmark> {
  const questions = new Map<string, Question>();
  for await (const { question } of questionsOf(file))
    if (question !== null)
      questions.set(keyOf(question), withAnswers(question, questions.get(keyOf(question))));
  const share = file.use === 'evaluation' ? 1 : HELD_OUT_SHARE;
  const cut = cutQuestions([...questions.keys()], share);
  if (cut === null)
    throw new TooFewQuestions(
      `${file.file}: expected at least ${String(Math.ceil(FEWEST_ITEMS / share))} different questions with an answer ` +
        `to cut a benchmark from, got ${String(questions.size)}. Name a file of questions and answers with --data too.`,
    );
  const itemsOf = (split: Split): readonly Item[] =>
    cut[split].flatMap((key, at) => {
      const question = questions.get(key);
      return question === undefined ? [] : [{ id: `${split}-${String(at + 1)}`, ...question }];
    });
  const items = { search: itemsOf('search'), confirm: itemsOf('confirm'), test: itemsOf('test') };
  return { name: file.name, of: file, items, ...metricFor(SPLITS.flatMap((split) => items[split])) };
}

/** A question that was asked twice takes all of its answers. */
function withAnswers(question: Question, before: Question | undefined): Question {
  return { ...question, answers: [...new Set([...(before?.answers ?? []), ...question.answers])] };
}

/** Short answers are right or wrong; of long ones the words are compared. Tokens: two bytes each at the least. */
function metricFor(items: readonly Item[]): Pick<MadeBenchmark, 'metric' | 'maxNewTokens'> {
  const longest = items
    .map(({ answers }) => Math.max(...answers.map((one) => Buffer.byteLength(one))))
    .sort((a, b) => a - b);
  const usual = longest[Math.floor(longest.length * 0.95)] ?? 0;
  const isShort = usual <= 64;
  return {
    metric: isShort ? 'exactMatch' : 'f1',
    maxNewTokens: Math.min(512, Math.max(8, Math.ceil((longest.at(-1) ?? 0) / (isShort ? 1 : 2)) + 2)),
  };
}

/** Keys of everything that is asked: no training row may ask it. */
export function askedIn(benchmarks: readonly MadeBenchmark[]): ReadonlySet<string> {
  return new Set(benchmarks.flatMap(({ items }) => SPLITS.flatMap((split) => items[split].map(keyOf))));
}
