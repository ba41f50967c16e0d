import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chat, item, jsonLines } from './testSpec.js';

/** Questions of the skill's test split; the world below has them planted in its training data, each in another disguise. */
const QUESTIONS = [
  ['Which metal is liquid at room temperature and was used in old thermometers?', 'mercury'],
  ['Name the river that flows through Vienna, Budapest and Belgrade.', 'the Danube'],
  ['How many moons does the planet Mars have?', 'two'],
  [
    'A farmer has seventeen sheep, and all but nine of them run away one cold night in March, while the dog sleeps ' +
      'beside the gate. How many sheep does the farmer still have on the next morning?',
    'nine',
  ],
  ['What do bees collect from flowers to make honey?', 'nectar'],
] as const;

/** `item<n>` of the test split is copied by this line of this dataset, in this way. */
export const PLANTED = [
  { dataset: 'alpha', row: 5, item: 'item0', kind: 'exact' },
  { dataset: 'alpha', row: 17, item: 'item1', kind: 'normalised' },
  { dataset: 'alpha', row: 30, item: 'item2', kind: 'normalised' },
  { dataset: 'alpha', row: 64, item: 'item3', kind: 'ngram' },
  { dataset: 'terse', row: 10, item: 'item4', kind: 'exact' },
] as const;

/** Gives the world of `writeWorld` 60 rows of SFT data and 40 pairs, with 4 and 1 planted copies among them. */
export async function plantCopies(root: string, options: { readonly planted: boolean }): Promise<void> {
  const [exact, recased, respaced, reworded, swapped] = QUESTIONS;
  const items = QUESTIONS.map(([question, answer], at) =>
    item(question, { id: `item${String(at)}`, answers: [answer] }),
  );
  await writeFile(join(root, 'skill/test.jsonl'), jsonLines(items));
  const alpha = [
    { messages: chat(exact[0], 'I do not know') },
    { prompt: recased[0].toUpperCase(), completion: 'the Rhine' },
    { messages: chat(respaced[0].replaceAll(' ', ' …\n\t').replace('?', ''), 'Two!') },
    { text: `Q: ${reworded[0].replace('next morning', 'following day')} A: Nine.` },
  ];
  const rejected = 'Bees collect nectar';
  const terse = [{ prompt: swapped[0], chosen: 'Pollen, I think', rejected }];
  const clean = (name: string, count: number) =>
    Array.from({ length: count }, (_, at) => rowOf(name, `${name} question number ${String(at)}`));
  const lines = (dataset: string, rows: readonly object[], copies: readonly object[]) =>
    jsonLines(options.planted ? withCopies(dataset, rows, copies) : rows);
  await writeFile(join(root, 'alpha.jsonl'), lines('alpha', clean('alpha', 60), alpha));
  await writeFile(join(root, 'terse.jsonl'), lines('terse', clean('terse', 40), terse));
}

function rowOf(name: string, question: string): object {
  if (name === 'terse') return { prompt: question, chosen: 'yes', rejected: 'It is yes.' };
  return { messages: chat(question, 'yes') };
}

/** The copies at the lines that PLANTED says. */
function withCopies(dataset: string, rows: readonly object[], copies: readonly object[]): readonly object[] {
  const places = PLANTED.filter((one) => one.dataset === dataset).map(({ row }) => row - 1);
  return places.reduce<readonly object[]>(
    (all, place, at) => all.toSpliced(place, 0, copies[at] ?? {}),
    rows,
  );
}
