import { join } from 'node:path';
import { SPLITS, type Split } from '../../domain/plan.js';
import { canonicalJson, sha256Hex } from '../../domain/stage.js';
import type { Json } from '../../domain/json.js';
import { faultOfMessages, lastRole } from './chat.js';
import { shown, type Fault } from './faults.js';
import { readRows, type NumberedRow } from './lines.js';

export type ItemCounts = Readonly<Record<Split, number>>;
interface Seen {
  readonly split: Split;
  readonly place: string;
}
type Report = (fault: Fault, split: Split) => void;

/** Reads the three splits of a benchmark: well-formed items, each id once a split, no question in two splits. */
export async function checkBenchmark(folder: string, metric: string, report: Report): Promise<ItemCounts> {
  const questions = new Map<string, Seen>();
  const counts: Record<Split, number> = { search: 0, confirm: 0, test: 0 };
  for (const split of SPLITS) {
    const ids = new Map<unknown, string>();
    const onFault = (fault: Fault): void => report(fault, split);
    for await (const item of readRows(join(folder, `${split}.jsonl`), onFault)) {
      counts[split] += 1;
      for (const fault of [...itemFaults(item, metric), ...repeatFaults(item, split, { ids, questions })])
        onFault(fault);
    }
  }
  return counts;
}

function itemFaults(
  { place, row: { id, messages, answers } }: NumberedRow,
  metric: string,
): readonly Fault[] {
  const faults: Fault[] = [];
  const add = (rule: string, value: string): void => {
    faults.push({ path: place, rule, value, hint: '' });
  };
  if (typeof id !== 'string' || id === '') add('an id (a text)', shown(id));
  const complaint = faultOfMessages(messages);
  if (complaint !== null) add(...complaint);
  else if (lastRole(messages) === 'assistant') add('messages that wait for the assistant', 'its answer');
  if (!isTexts(answers)) add('answers, a list of texts', shown(answers));
  else if (metric === 'toolCallAst')
    for (const answer of answers.filter((one) => !isJson(one))) add('answers that are JSON', shown(answer));
  return faults;
}

function repeatFaults(
  { place, row: { id, messages } }: NumberedRow,
  split: Split,
  { ids, questions }: { readonly ids: Map<unknown, string>; readonly questions: Map<string, Seen> },
): readonly Fault[] {
  const faults: Fault[] = [];
  const again = (rule: string, value: string, first: string): void => {
    faults.push({ path: place, rule, value, hint: `It stands at ${first} too.` });
  };
  const first = ids.get(id);
  if (first !== undefined) again('an id of its own', shown(id), first);
  else if (id !== undefined) ids.set(id, place);
  const question = sha256Hex(canonicalJson((messages ?? null) as Json));
  const earlier = questions.get(question);
  if (earlier === undefined) questions.set(question, { split, place });
  else if (earlier.split !== split && messages !== undefined)
    again(`a question that ${earlier.split} does not have`, shown(messages), earlier.place);
  return faults;
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
