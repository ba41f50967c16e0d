/** How a dataset is made from others. Schema, validation, docs and stage ids come from this table. */
export interface OperationParameter {
  readonly name: string;
  /**
   * `dataset`: a name. `weights`: a number above 0 by name. `bounds`: {atLeast, atMost}. `patterns`: regular expressions.
   * `text`: a text with `{column}` in it. `turns`: such a text, or messages of them.
   */
  readonly type: ParameterKind;
  /** Inclusive, of a number, an integer, or both ends of bounds. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Bounds of whole numbers. */
  readonly whole?: boolean;
  readonly choices?: readonly string[];
  /** None: the parameter must be given, or has no effect when it isn't. */
  readonly default?: number | string | boolean;
  readonly required?: boolean;
  /** The parameter exists only when another one has this value. */
  readonly when?: { readonly parameter: string; readonly is: string };
  readonly meaning: string;
}
export type ParameterKind =
  'dataset' | 'weights' | 'integer' | 'number' | 'choice' | 'flag' | 'bounds' | 'patterns' | 'text' | 'turns';

export interface DataOperation {
  readonly meaning: string;
  /** The meaning of its parameters; raised when the same ones would give other rows. */
  readonly version: number;
  /** Draws rows: the spec's seed is part of its id. */
  readonly isRandom: boolean;
  /** What it holds in memory beside the row at hand. */
  readonly holds: string;
  readonly source?: string;
  readonly parameters: readonly OperationParameter[];
  /** Parameters of which exactly one group is given, whole. */
  readonly oneOf?: readonly (readonly string[])[];
  /** It does nothing unless one of its optional parameters is given. */
  readonly needsOne?: boolean;
}

export const OPERATION_NAMES = [
  'mixture',
  'subset',
  'filter',
  'dedupe',
  'replay',
  'curriculum',
  'template',
] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

const from = (meaning = 'the dataset it is made from'): OperationParameter => ({
  ...{ name: 'from', type: 'dataset', required: true, meaning },
});
const lengths = (name: string, meaning: string): OperationParameter => ({
  ...{ name, type: 'bounds', minimum: 0, maximum: 100_000_000, whole: true, meaning },
});
const most = (name: string, meaning: string): OperationParameter => ({
  ...{ name, type: 'number', minimum: 0, maximum: 1, meaning: `an answer's largest ${meaning}` },
});
const patterns = (name: string, meaning: string): OperationParameter => ({ name, type: 'patterns', meaning });
const ROWS = { type: 'integer', minimum: 1, maximum: 1_000_000_000 } as const;

export const OPERATIONS: Readonly<Record<OperationName, DataOperation>> = {
  mixture: {
    meaning: 'rows of several datasets in given proportions, evenly mixed',
    version: 1,
    isRandom: true,
    holds: 'a number a row of its sources',
    parameters: [
      { name: 'from', type: 'weights', required: true, meaning: 'weights by dataset' },
      { name: 'rows', ...ROWS, meaning: 'rows in all; left out: as many as there are without repetition' },
      {
        name: 'repeat',
        type: 'flag',
        default: false,
        meaning: 'a dataset with too few rows gives them several times',
      },
    ],
  },
  subset: {
    meaning: 'a random part; a larger one holds every row of a smaller one',
    version: 1,
    isRandom: true,
    holds: 'a number a row',
    parameters: [
      from(),
      { name: 'rows', ...ROWS, meaning: 'how many rows' },
      { name: 'share', type: 'number', minimum: 1e-6, maximum: 1, meaning: 'which share of the rows' },
    ],
    oneOf: [['rows'], ['share']],
  },
  filter: {
    meaning: 'the rows that meet every condition; of a preference pair both answers must',
    version: 1,
    isRandom: false,
    holds: 'nothing',
    source: 'https://arxiv.org/abs/2112.11446',
    parameters: [
      from(),
      lengths('promptCharacters', 'length of the prompt, characters'),
      lengths('promptWords', 'length of the prompt, words'),
      lengths('answerCharacters', 'length of the answer, characters'),
      lengths('answerWords', 'length of the answer, words'),
      {
        ...{ name: 'answerToPrompt', type: 'bounds', minimum: 0, maximum: 1_000_000 },
        meaning: 'characters of the answer divided by those of the prompt, where there is one',
      },
      patterns('promptMatches', 'RE2 expressions that must all be found in the prompt'),
      patterns('promptLacks', 'RE2 expressions of which none may be found in the prompt'),
      patterns('answerMatches', 'RE2 expressions that must all be found in the answer'),
      patterns('answerLacks', 'RE2 expressions of which none may be found in the answer'),
      most('symbols', 'share of characters that are neither letters, marks, digits nor spaces'),
      most('repeatedLines', 'share of lines that stand in it before (Gopher: 0.3)'),
      most('top2gram', 'share of text in its most frequent repeated run of 2 words (Gopher: 0.2)'),
      most('top3gram', 'share of text in its most frequent repeated run of 3 words (Gopher: 0.18)'),
      most('top4gram', 'share of text in its most frequent repeated run of 4 words (Gopher: 0.16)'),
      most('repeated5grams', 'share of text in runs of 5 words that stand in it before (Gopher: 0.15)'),
      most('repeated10grams', 'share of text in runs of 10 words that stand in it before (Gopher: 0.1)'),
    ],
    needsOne: true,
  },
  dedupe: {
    meaning: 'each row once; of equal ones the first stays',
    version: 1,
    isRandom: false,
    holds: 'a hash a row; near: up to 1 kB a row',
    source: 'https://arxiv.org/abs/2107.06499',
    parameters: [
      from(),
      {
        name: 'match',
        type: 'choice',
        choices: ['exact', 'normalised', 'near'],
        default: 'exact',
        meaning:
          'equal to the letter; but for case, spacing and punctuation; or with as many runs of words in common as threshold says (MinHash)',
      },
      {
        name: 'by',
        type: 'choice',
        choices: ['row', 'prompt'],
        default: 'row',
        meaning: 'what is compared: prompt and answers, or the prompt alone',
      },
      {
        ...{ name: 'threshold', type: 'number', minimum: 0.5, maximum: 1, default: 0.8 },
        when: { parameter: 'match', is: 'near' },
        meaning: 'Jaccard similarity of the runs of words from which rows count as equal',
      },
      {
        ...{ name: 'gram', type: 'integer', minimum: 1, maximum: 32, default: 5 },
        when: { parameter: 'match', is: 'near' },
        meaning: 'words a run',
      },
    ],
  },
  replay: {
    meaning: 'all rows of a dataset with some of another one evenly between them, against forgetting',
    version: 1,
    isRandom: true,
    holds: 'a number a row of the replayed dataset',
    parameters: [
      from('the new data; all of its rows stay'),
      { name: 'of', type: 'dataset', required: true, meaning: 'what is replayed' },
      {
        ...{ name: 'share', type: 'number', minimum: 0.0001, maximum: 0.99, default: 0.1 },
        meaning: 'share of replayed rows in the result; too few are repeated',
      },
    ],
  },
  curriculum: {
    meaning: 'the same rows in the order of a measure; training keeps the order in every pass',
    version: 1,
    isRandom: false,
    holds: 'three numbers a row',
    source: 'https://doi.org/10.1145/1553374.1553380',
    parameters: [
      from(),
      {
        name: 'by',
        type: 'choice',
        choices: ['answerLength', 'rowLength'],
        default: 'answerLength',
        meaning: 'characters of the answer (of a pair: both), or of prompt and answer',
      },
      {
        name: 'order',
        type: 'choice',
        choices: ['ascending', 'descending'],
        default: 'ascending',
        meaning: 'shortest first, or longest first; equal ones stay as they are',
      },
    ],
  },
  template: {
    meaning: 'columns become rows that can be trained on; a text names a column as {column}',
    version: 1,
    isRandom: false,
    holds: 'nothing',
    parameters: [
      from('a dataset with a file'),
      { name: 'text', type: 'text', meaning: 'running text, all of it trained on' },
      { name: 'prompt', type: 'turns', meaning: 'what is asked' },
      { name: 'completion', type: 'turns', meaning: 'what is answered' },
      {
        name: 'messages',
        type: 'turns',
        meaning: 'a chat; a text is one column that holds a list of messages',
      },
      { name: 'chosen', type: 'turns', meaning: 'the better answer' },
      { name: 'rejected', type: 'turns', meaning: 'the worse answer' },
    ],
    oneOf: [['text'], ['prompt', 'completion'], ['messages'], ['prompt', 'chosen', 'rejected']],
  },
};

/** Where parameters name datasets: these make its inputs, in this order. */
export function inputNames(
  name: OperationName,
  written: Readonly<Record<string, unknown>>,
): readonly string[] {
  return OPERATIONS[name].parameters.flatMap(({ name: key, type }) => {
    const value = written[key];
    if (type === 'dataset') return typeof value === 'string' ? [value] : [];
    return type === 'weights' && typeof value === 'object' && value !== null ? Object.keys(value) : [];
  });
}
