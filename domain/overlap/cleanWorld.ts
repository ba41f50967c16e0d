import { randomOf, type Random } from '../random.js';
import type { EvaluationItem, RowTexts } from './texts.js';

/** Training and evaluation data of one kind that share templates, passages and answers, but no question. */
export interface CleanFamily {
  readonly name: string;
  readonly items: readonly EvaluationItem[];
  readonly rows: readonly RowTexts[];
}
type Pair = readonly [question: string, answer: string];

/** Families that are hard for n-grams: long templates, few answers, one passage for many questions. For tests. */
export function cleanFamilies(seed: string, size: number): readonly CleanFamily[] {
  return Object.entries(FAMILIES).map(([name, draw]) => {
    const random = randomOf(seed, name);
    const pairs = new Map<string, Pair>();
    for (let tries = 0; pairs.size < 2 * size && tries < 100 * size; tries += 1) {
      const pair = draw(random);
      pairs.set(pair[0].toLowerCase(), pair);
    }
    const all = random.shuffle([...pairs.values()]);
    const half = Math.floor(all.length / 2);
    return { name, items: all.slice(0, half).map(itemOf), rows: all.slice(half).map(rowOf) };
  });
}

function itemOf([question, answer]: Pair, at: number): EvaluationItem {
  return { benchmark: 'clean', split: 'test', id: String(at), turns: [question], answers: [answer] };
}

function rowOf([question, answer]: Pair): RowTexts {
  return { turns: [question, answer], answers: [answer] };
}

const FAMILIES: Readonly<Record<string, (random: Random) => Pair>> = {
  'slot at the end, yes or no': (random) => {
    const number = random.integer(100_000);
    const start = 'Is the following number divisible by three? Answer with yes or no and nothing else:';
    return [`${start} ${String(number)}`, number % 3 === 0 ? 'yes' : 'no'];
  },
  'slot in the middle, yes or no': (random) => [
    `Please tell me whether the English word ${word(random)} has an even number of letters, and say nothing but yes or no.`,
    random.pick(['yes', 'no']) ?? '',
  ],
  'four choices': (random) => [
    `${words(random, 9)}? A) ${word(random)} B) ${word(random)} C) ${word(random)} D) ${word(random)}`,
    random.pick(['A', 'B', 'C', 'D']) ?? '',
  ],
  'short, with a number': (random) => {
    const number = random.integer(100_000);
    return [`spell ${String(number)}`, `${String(number % 10)} and ${String(number % 100)}`];
  },
  'sums and differences': (random) => {
    const [a, b] = [random.integer(300), random.integer(300)];
    const sign = random.pick(['+', '-', '*', '/']) ?? '+';
    return [`What is ${String(a)}${sign}${String(b)}?`, String((a * b) % 50)];
  },
  'brackets alone differ': (random) => {
    const [a, b, c] = [random.integer(20), random.integer(20), random.integer(20)].map(String);
    return random.pick([0, 1]) === 0 ? [`(${a}+${b})*${c}`, '12'] : [`${a}+(${b}*${c})`, '12'];
  },
  'two slots, a call': (random) => {
    const [from, to] = [random.pick(CURRENCIES) ?? '', random.pick(CURRENCIES) ?? ''];
    const amount = String(random.integer(1000));
    return [
      `Convert ${amount} ${from} to ${to} with the tool that you have`,
      `{"fx":[${amount},"${from}","${to}"]}`,
    ];
  },
  'one passage, many questions': (random) => {
    const passage = random.integer(40);
    const of = words(randomOf('passage', passage), 80);
    return [
      `${of}\n\nAccording to the text above, what comes after ${word(random)} ${word(random)}?`,
      of.split(' ')[random.integer(80)] ?? '',
    ];
  },
  'running text': (random) => [words(random, 10 + random.integer(60)), words(random, 1 + random.integer(40))],
};
const CURRENCIES = ['NOK', 'CHF', 'EUR', 'PLN', 'USD', 'SEK'];

/** As in a language: few words are common (Zipf). */
function word(random: Random): string {
  const rank = Math.floor(5000 ** random.real());
  return WORDS[rank % WORDS.length] ?? 'of';
}

function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => word(random)).join(' ');
}

const SYLLABLES = ['ba', 'ke', 'li', 'mo', 'nu', 'ra', 'se', 'ti', 'vo', 'zu'];
const WORDS = Array.from({ length: 5000 }, (_, rank) =>
  [...String(rank)].map((digit) => SYLLABLES[Number(digit)] ?? '').join(''),
);
