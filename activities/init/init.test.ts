import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SPLITS } from '../../domain/plan.js';
import { inspectDatasets } from '../spec/gate.js';
import { readSpecFile } from '../spec/spec.js';
import { cutQuestions } from './cut.js';
import { lookAt, nameOf, UnknownData } from './dataFile.js';
import { makeDraft } from './make.js';
import { TooFewQuestions } from './measure.js';
import { keyOf, questionOf } from './question.js';
import { existing, writeAll, writtenFiles } from './write.js';

const root = join(import.meta.dirname, '../..');
const model = { path: join(root, 'examples/quickstart/model') };
const facts = { parameterCount: 900_000, maxPositions: 256 };
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const word = (at: number): string =>
  `${'bdfgklmnprstvz'[at % 14] ?? ''}${'aeiou'[at % 5] ?? ''}${String(at)}`;
const chats = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    messages: [user(`plural of ${word(at)}`), assistant(`${word(at)}s`)],
  }));
const pairs = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    ...{ prompt: [user(`plural of ${word(at)}`)] },
    ...{ chosen: [assistant(`${word(at)}s`)], rejected: [assistant(`It is ${word(at)}s.`)] },
  }));

describe('init', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-init-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const put = async (name: string, rows: readonly object[]): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return file;
  };
  const draftOf = (data: readonly string[]) =>
    makeDraft({ name: 'mine', folder, model, facts, data, trials: 5 });
  const written = async (data: readonly string[]) => {
    const { draft, asked } = await draftOf(data);
    const spec = join(folder, 'spec.yaml');
    const files = writtenFiles(draft, { spec, folder, asked });
    assert.deepEqual(await existing(files), []);
    await writeAll(files);
    assert.equal((await existing(files)).length, files.length);
    const checked = await readSpecFile(spec);
    assert.ok(checked.ok, JSON.stringify(checked));
    return { draft, checked, text: await readFile(spec, 'utf8') };
  };
  const rowsOf = async (path: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    (await readFile(path, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

  it('writes a spec that is valid, whose gate finds no copy, from two training files that ask the same', async () => {
    const { draft, checked, text } = await written([
      await put('chats.jsonl', chats(120)),
      await put('pairs.jsonl', pairs(120)),
    ]);
    const { spec } = checked;
    assert.deepEqual(Object.keys(spec.actions), ['sft', 'dpo', 'merge']);
    assert.deepEqual(
      draft.datasets.map(({ name, rows, heldOut }) => [name, rows, heldOut]),
      [
        ['chats', 96, 24],
        ['pairs', 96, 24],
      ],
    );
    const { datasets } = await inspectDatasets(spec);
    assert.deepEqual(
      datasets.map(({ findings }) => findings.matchedRows),
      [0, 0],
    );
    assert.match(text, /learningRate: \[3\.0e-4, 1\.0e-3\], steps: \[12, 36\], tuning: full, batchSize: 8/);
    const counts = checked.files.benchmarks['chats'];
    assert.deepEqual(counts, { search: 4, confirm: 8, test: 12 });
  });

  it('puts no question into two splits, nor into training', async () => {
    const { draft } = await written([await put('chats.jsonl', [...chats(60), ...chats(60)])]);
    const asked = (row: Readonly<Record<string, unknown>>): string =>
      keyOf({ messages: row['messages'] as [] });
    const splits = await Promise.all(
      SPLITS.map((split) => rowsOf(join(folder, `benchmarks/chats/${split}.jsonl`))),
    );
    const items = splits.flat().map(asked);
    assert.equal(new Set(items).size, items.length);
    const rows = await rowsOf(join(folder, draft.datasets[0]?.path ?? ''));
    const trained = rows.map((row) => keyOf(questionOf(row) ?? { messages: [] }));
    assert.equal(rows.length, 2 * (60 - items.length));
    assert.deepEqual(
      trained.filter((key) => items.includes(key)),
      [],
    );
  });

  it('measures with the file that is there for it, and leaves out the training rows that ask the same', async () => {
    const test = chats(30).map(({ messages }, at) => ({
      ...{ id: String(at), messages: messages.slice(0, 1), answers: [messages[1]?.content ?? ''] },
    }));
    const { draft, checked } = await written([
      await put('chats.jsonl', chats(200)),
      await put('questions.jsonl', test),
    ]);
    assert.deepEqual(Object.keys(checked.spec.benchmarks), ['questions']);
    assert.deepEqual(
      draft.datasets.map(({ rows, heldOut }) => [rows, heldOut]),
      [[170, 30]],
    );
  });

  it('takes a file as it is where nothing of it is asked', async () => {
    const { draft } = await written([
      await put('chats.jsonl', chats(40)),
      await put('chats-test.jsonl', chats(80).slice(40)),
    ]);
    assert.deepEqual(
      draft.datasets.map(({ path, heldOut }) => [path, heldOut]),
      [['./chats.jsonl', 0]],
    );
    assert.deepEqual(
      draft.benchmarks.map(({ name }) => name),
      ['chats-test'],
    );
  });

  it('makes chats of the usual columns by a template', async () => {
    const rows = chats(60).map(({ messages: [question, answer] }) => ({
      ...{ instruction: 'Give the plural.', input: question?.content, output: answer?.content },
    }));
    const { checked } = await written([await put('alpaca.jsonl', rows)]);
    assert.deepEqual(checked.files.shapes, { alpaca: 'columns', 'alpaca-chat': 'sft' });
    const [item] = await rowsOf(join(folder, 'benchmarks/alpaca/test.jsonl'));
    assert.match(JSON.stringify(item), /Give the plural\.\\nplural of /);
  });

  it('says what is wrong with rows of no shape, and with too few of them', async () => {
    await assert.rejects(lookAt(await put('odd.jsonl', [{ a: 1 }])), (error) => {
      assert.ok(error instanceof UnknownData);
      assert.match(error.faults[0]?.path ?? '', /odd\.jsonl:1$/);
      return true;
    });
    await assert.rejects(
      draftOf([await put('few.jsonl', chats(10))]),
      (error) =>
        error instanceof TooFewQuestions && /at least 30 different questions.*got 10/.test(error.message),
    );
    await assert.rejects(draftOf([await put('only-test.jsonl', chats(40))]), /expected a file to train on/);
  });

  it('names things as a spec can', () => {
    assert.deepEqual(['/a/Maths_train.v2.jsonl', '2024.jsonl', 'ä b.csv'].map(nameOf), [
      'maths_train',
      'data-2024',
      'b',
    ]);
  });

  it('draws the same questions whatever their order, and each split has some', () => {
    const keys = chats(50).map((_, at) => String(at));
    assert.deepEqual(cutQuestions(keys, 0.2), cutQuestions([...keys].reverse(), 0.2));
    assert.deepEqual(cutQuestions(keys.slice(0, 30), 0.2)?.search.length, 1);
    assert.equal(cutQuestions(keys.slice(0, 29), 0.2), null);
  });
});
