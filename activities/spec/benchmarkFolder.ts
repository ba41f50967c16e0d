import { join } from 'node:path';
import { SPLITS, type Split } from '../../domain/plan.js';
import { canonicalJson, sha256Hex } from '../../domain/stage.js';
import type { Json } from '../../domain/json.js';
import type { ItemForm } from '../../domain/metrics.js';
import { shown, type Fault } from './faults.js';
import { ITEM_FORMS } from './itemForms.js';
import { readRows, type NumberedRow } from './lines.js';

export type ItemCounts = Readonly<Record<Split, number>>;
interface Seen {
  readonly split: Split;
  readonly place: string;
}
interface Items {
  readonly form: ItemForm;
  readonly metric: string;
}
interface Known {
  readonly split: Split;
  readonly ids: Map<unknown, string>;
  readonly questions: Map<string, Seen>;
}
type Report = (fault: Fault, split: Split) => void;

/** Reads the three splits of a benchmark: well-formed items, each id once a split, no question in two splits. */
export async function checkBenchmark(folder: string, items: Items, report: Report): Promise<ItemCounts> {
  const questions = new Map<string, Seen>();
  const counts: Record<Split, number> = { search: 0, confirm: 0, test: 0 };
  for (const split of SPLITS) {
    const ids = new Map<unknown, string>();
    const onFault = (fault: Fault): void => report(fault, split);
    for await (const item of readRows(join(folder, `${split}.jsonl`), onFault)) {
      counts[split] += 1;
      for (const fault of [
        ...itemFaults(item, items),
        ...repeatFaults(item, { ...items, split, ids, questions }),
      ])
        onFault(fault);
    }
  }
  return counts;
}

function itemFaults({ place, row }: NumberedRow, { form, metric }: Items): readonly Fault[] {
  const { id } = row;
  const nameless = typeof id !== 'string' || id === '' ? [['an id (a text)', shown(id)] as const] : [];
  return [...nameless, ...ITEM_FORMS[form].complaints(row, metric)].map(([rule, value]) => ({
    path: place,
    rule,
    value,
    hint: '',
  }));
}

function repeatFaults(
  { place, row }: NumberedRow,
  { split, form, ids, questions }: Items & Known,
): readonly Fault[] {
  const faults: Fault[] = [];
  const again = (rule: string, value: string, first: string): void => {
    faults.push({ path: place, rule, value, hint: `It stands at ${first} too.` });
  };
  const { id } = row;
  const first = ids.get(id);
  if (first !== undefined) again('an id of its own', shown(id), first);
  else if (id !== undefined) ids.set(id, place);
  const asked = ITEM_FORMS[form].question(row);
  const question = sha256Hex(canonicalJson((asked ?? null) as Json));
  const earlier = questions.get(question);
  if (earlier === undefined) questions.set(question, { split, place });
  else if (earlier.split !== split && asked !== undefined)
    again(`a question that ${earlier.split} does not have`, shown(asked), earlier.place);
  return faults;
}
