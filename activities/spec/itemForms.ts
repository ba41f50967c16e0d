import type { ItemForm } from '../../domain/metrics.js';
import { faultOfMessages, lastRole } from './chat.js';
import { shown } from './faults.js';
import type { Row } from './lines.js';

/** [rule, value] of what is wrong. */
type Complaint = readonly [rule: string, value: string];
interface Form {
  /** What is wrong with a line, its id aside. */
  readonly complaints: (row: Row, metric: string) => readonly Complaint[];
  /** What makes it the question it is: no two splits may share one. undefined: it has none. */
  readonly question: (row: Row) => unknown;
}

/** The forms of items, as the GPU worker reads them too (evaluate/items.py, choices.py, perplexity.py, bfcl.py, judged.py). */
export const ITEM_FORMS: Readonly<Record<ItemForm, Form>> = {
  answers: {
    complaints: (row, metric) => [...ofMessages(row), ...ofAnswers(row, metric)],
    question: ({ messages }) => messages,
  },
  calls: {
    complaints: (row) => [...ofMessages(row), ...ofGroundTruth(row)],
    question: ({ messages }) => messages,
  },
  choices: {
    complaints: (row) => [...ofMessages(row), ...ofChoices(row)],
    question: ({ messages, choices }) => (messages === undefined ? undefined : [messages, choices]),
  },
  questions: {
    complaints: (row) => [...ofMessages(row), ...ofTexts(row, ['followUp', 'reference'])],
    question: ({ messages }) => messages,
  },
  text: {
    complaints: ({ text }) =>
      typeof text === 'string' && text !== '' ? [] : [['text, not empty', shown(text)]],
    question: ({ text }) => text,
  },
};

function ofMessages({ messages }: Row): readonly Complaint[] {
  const complaint = faultOfMessages(messages);
  if (complaint !== null) return [complaint];
  return lastRole(messages) === 'assistant' ? [['messages that wait for the assistant', 'its answer']] : [];
}

/** Texts that may be left out. */
function ofTexts(row: Row, names: readonly string[]): readonly Complaint[] {
  const wrong = names.filter(
    (name) => row[name] !== undefined && !(typeof row[name] === 'string' && row[name]),
  );
  return wrong.map((name) => [`${name}, a text`, shown(row[name])]);
}

function ofAnswers({ answers }: Row, metric: string): readonly Complaint[] {
  if (!isTexts(answers)) return [['answers, a list of texts', shown(answers)]];
  const broken = metric === 'toolCallAst' ? answers.filter((one) => !isJson(one)) : [];
  return broken.map((answer) => ['answers that are JSON', shown(answer)]);
}

function ofGroundTruth({ ground_truth: truth, function: declared }: Row): readonly Complaint[] {
  if (!Array.isArray(truth) || truth.length === 0 || !truth.every(isExpectedCall))
    return [['ground_truth, a list of {function: {argument: [accepted value, …]}}', shown(truth)]];
  if (declared === undefined) return [];
  const names = (Array.isArray(declared) ? declared : [declared]).map(nameOf);
  if (names.some((name) => name === null))
    return [['function, a list of {name, description, parameters}', shown(declared)]];
  return truth
    .flatMap((call: object) => Object.keys(call))
    .filter((name) => !names.includes(name))
    .map((name) => ['functions of ground_truth that are among those of function', shown(name)]);
}

function isExpectedCall(value: unknown): boolean {
  if (!isObject(value)) return false;
  const [accepted, second] = Object.values(value);
  const isLists = (of: object): boolean =>
    Object.values(of).every((some) => Array.isArray(some) && some.length > 0);
  return second === undefined && isObject(accepted) && isLists(accepted);
}

function nameOf(value: unknown): string | null {
  const name = isObject(value) ? value['name'] : null;
  return typeof name === 'string' ? name : null;
}

function ofChoices({ choices, answer }: Row): readonly Complaint[] {
  if (!isTexts(choices) || choices.length < 2 || choices.includes(''))
    return [['choices, a list of two or more texts', shown(choices)]];
  if (new Set(choices).size < choices.length) return [['choices that differ', shown(choices)]];
  const isPlace = Number.isInteger(answer) && Number(answer) >= 0 && Number(answer) < choices.length;
  return isPlace ? [] : [[`answer, a choice's place, 0 to ${String(choices.length - 1)}`, shown(answer)]];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
