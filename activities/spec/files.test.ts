import assert from 'node:assert/strict';
import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatFaults } from './faults.js';
import { checkSpec, readSpecFile } from './spec.js';
import { chat, item, jsonLines, sampleSpec, writeWorld } from './testSpec.js';

describe('the files of a spec', () => {
  let root: string;
  beforeEach(async () => {
    root = await writeWorld();
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function faults(changes: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
    const checked = await checkSpec(sampleSpec(changes), root);
    return checked.ok ? [] : formatFaults(checked.faults).replaceAll(`${root}/`, '').split('\n');
  }

  it('are read: shapes are detected, rows and items counted, pickles left behind', async () => {
    const checked = await checkSpec(sampleSpec(), root);
    assert.ok(checked.ok);
    const { models, datasets, benchmarks } = checked.files;
    assert.deepEqual(models['base'], {
      weights: ['model.safetensors'],
      others: ['config.json', 'tokenizer.json'],
      shape: {
        parameters: 7,
        linearParameters: 0,
        linearWidths: 0,
        hidden: 0,
        layers: 0,
        vocabulary: 0,
        context: 0,
      },
    });
    assert.deepEqual(datasets['alpha'], { shape: 'sft', rows: 2 });
    assert.deepEqual(datasets['terse'], { shape: 'preference', rows: 1 });
    assert.deepEqual(benchmarks['skill'], { search: 2, confirm: 2, test: 2 });
    assert.equal(checked.spec.models['base']?.path, join(root, 'model'));
  });

  it('are asked for where they are missing', async () => {
    await rm(join(root, 'alpha.jsonl'));
    await rm(join(root, 'skill/test.jsonl'));
    assert.deepEqual(await faults({ models: { base: { path: 'modle' } } }), [
      'models.base.path: expected a folder with a model, got modle. Check the path; it is relative to the spec file.',
      'datasets.alpha.path: expected a readable JSONL file, got alpha.jsonl. Check the path; it is relative to the spec file.',
      'benchmarks.skill.path: expected a readable JSONL file, got skill/test.jsonl. Check the path; it is relative to the spec file.',
    ]);
  });

  it('are checked in the same run as the rest of the spec', async () => {
    await rm(join(root, 'alpha.jsonl'));
    const found = await faults({ parallel: 0 });
    assert.deepEqual(
      found.map((line) => line.slice(0, line.indexOf(':'))),
      ['parallel', 'datasets.alpha.path'],
    );
  });

  it('never are pickled weights', async () => {
    await rename(join(root, 'model/model.safetensors'), join(root, 'model/pytorch_model.bin'));
    const [line = ''] = await faults();
    assert.match(line, /^models\.base\.path: expected weights in model\.safetensors, .*never loaded/);
  });

  it('bring no code: configurations that name some are refused, code beside them stays behind', async () => {
    await writeFile(join(root, 'model/modeling_evil.py'), 'raise SystemExit');
    await writeFile(join(root, 'model/tokenizer_evil.py'), 'raise SystemExit');
    await writeFile(join(root, 'model/tokenizer.pkl'), 'x');
    const checked = await checkSpec(sampleSpec(), root);
    assert.ok(checked.ok);
    assert.deepEqual(checked.files.models['base']?.others, ['config.json', 'tokenizer.json']);
    const configs: readonly (readonly [string, object, string])[] = [
      ['config.json', { auto_map: { AutoModel: 'modeling_evil.Evil' } }, 'config.json without auto_map'],
      [
        'tokenizer_config.json',
        { auto_map: { AutoTokenizer: ['e.E', null] } },
        'tokenizer_config.json without auto_map',
      ],
      [
        'generation_config.json',
        { custom_generate: 'owner/code' },
        'generation_config.json without custom_generate',
      ],
      [
        'config.json',
        { text_config: { attn_implementation: 'owner/kernel' } },
        'attn_implementation of config.json to be',
      ],
      [
        'config.json',
        { experts_implementation: { '': 'owner/kernel:f' } },
        'experts_implementation of config.json to be',
      ],
    ];
    for (const [name, keys, rule] of configs) {
      await writeFile(join(root, 'model', name), JSON.stringify(keys));
      const [line = ''] = await faults();
      assert.ok(line.startsWith(`models.base.path: expected ${rule}`), line);
      assert.match(line, /Code that comes with a model is never run/);
      await writeFile(join(root, 'model', name), '{}');
    }
    const plain = { attn_implementation: 'sdpa', auto_map: {}, trust_remote_code: false };
    await writeFile(join(root, 'model/config.json'), JSON.stringify(plain));
    assert.deepEqual(await faults(), []);
  });

  it('are whole safetensors', async () => {
    await writeFile(join(root, 'model/model.safetensors'), 'not weights at all');
    const [line = ''] = await faults();
    assert.match(
      line,
      /expected whole safetensors files, got model\.safetensors: expected a safetensors header/,
    );
  });

  it('name shards by an index that stays in the folder', async () => {
    const index = join(root, 'model/model.safetensors.index.json');
    await writeFile(index, JSON.stringify({ weight_map: { a: '../x.safetensors' } }));
    assert.match((await faults())[0] ?? '', /expected model\.safetensors\.index\.json with a weight_map/);
    await writeFile(
      index,
      JSON.stringify({ weight_map: { a: 'model.safetensors', b: 'model-2.safetensors' } }),
    );
    assert.match((await faults())[0] ?? '', /expected weights in model-2\.safetensors/);
  });

  it('have malformed rows named by file and line', async () => {
    const rows = [
      { messages: chat('q', 'a').slice(0, 1) },
      { prompt: 'q' },
      { prompt: 'q', chosen: 'a', rejected: 'b' },
    ];
    await appendFile(join(root, 'alpha.jsonl'), `{"messages":\n\n[1]\n${jsonLines(rows)}`);
    assert.deepEqual(await faults(), [
      'alpha.jsonl:3: expected a JSON object, got "{\\"messages\\":".',
      'alpha.jsonl:5: expected a JSON object, got "[1]".',
      'alpha.jsonl:6: expected messages that end with the assistant, got one of user.',
      'alpha.jsonl:7: expected messages, prompt and completion, or text, got keys prompt.',
      "alpha.jsonl:8: expected messages, prompt and completion, or text, got keys prompt, chosen, rejected. The dataset's shape is sft, as its first row says.",
    ]);
  });

  it('may have a thousand bad rows and still a short message', async () => {
    await writeFile(join(root, 'alpha.jsonl'), '{}\n'.repeat(1000));
    const found = await faults();
    assert.equal(found.length, 11);
    assert.equal(found.at(-1), 'alpha.jsonl: expected no other faults, got 990 more. Mend the first ones.');
  });

  it('are UTF-8, and not empty', async () => {
    await writeFile(join(root, 'alpha.jsonl'), Buffer.from([0x7b, 0xff, 0x7d, 0x0a]));
    await writeFile(join(root, 'beta.jsonl'), '\n');
    assert.deepEqual(await faults(), [
      'alpha.jsonl:1: expected UTF-8 text, got other bytes.',
      'datasets.beta.path: expected at least one row, got none in beta.jsonl.',
    ]);
  });

  it('have preference data for DPO, whose pairs differ', async () => {
    const twice = { prompt: 'q', chosen: 'same', rejected: 'same' };
    await writeFile(join(root, 'terse.jsonl'), jsonLines([twice]));
    assert.deepEqual(await faults(), [
      'terse.jsonl:1: expected chosen and rejected that differ, got "same".',
    ]);
    await writeFile(join(root, 'terse.jsonl'), jsonLines([{ text: 'a story' }]));
    assert.deepEqual(await faults(), [
      'actions.dpo: expected a dataset of shape preference, got none. Add one, or leave dpo out.',
    ]);
    assert.deepEqual(await faults({ actions: { dpo: { datasets: ['alpha'] } } }), [
      'actions.dpo.datasets.0: expected a dataset of shape preference, got alpha of shape sft.',
    ]);
  });

  it('have labelled answers or pairs for KTO', async () => {
    const labelled = { prompt: 'q', completion: 'a', label: true };
    await writeFile(join(root, 'beta.jsonl'), jsonLines([labelled]));
    assert.deepEqual(await faults({ actions: { kto: { datasets: ['beta', 'terse'] } } }), []);
    assert.deepEqual(await faults({ actions: { kto: { datasets: ['alpha'] } } }), [
      'actions.kto.datasets.0: expected a dataset of shape labelled or preference, got alpha of shape sft.',
    ]);
  });

  it('have well-formed items, each id once a split, and no question in two splits', async () => {
    const bad = [
      item('skill search 1'),
      { id: 7 },
      item('new', { answers: [] }),
      item('x', { id: 'skill confirm 1' }),
    ];
    await appendFile(join(root, 'skill/confirm.jsonl'), jsonLines(bad));
    assert.deepEqual(await faults(), [
      'skill/confirm.jsonl:3: expected a question that search does not have, got [{"role":"user","content":"skill search 1"}]. It stands at skill/search.jsonl:1 too.',
      'skill/confirm.jsonl:4: expected an id (a text), got 7.',
      'skill/confirm.jsonl:4: expected a list of messages, got nothing.',
      'skill/confirm.jsonl:4: expected answers, a list of texts, got nothing.',
      'skill/confirm.jsonl:5: expected answers, a list of texts, got [].',
      'skill/confirm.jsonl:6: expected an id of its own, got "skill confirm 1". It stands at skill/confirm.jsonl:1 too.',
    ]);
  });

  it('have tool-call answers that are JSON', async () => {
    await writeFile(join(root, 'guard/test.jsonl'), jsonLines([item('call', { answers: ['{"f":'] })]));
    const found = await faults({ benchmarks: { guard: { path: 'guard', metric: 'toolCallAst' } } });
    assert.equal(found.at(-1), 'guard/test.jsonl:1: expected answers that are JSON, got "{\\"f\\":".');
  });

  const question = { id: 'a', messages: [{ role: 'user', content: 'q' }] };
  const call = { f: { a: [1] } };
  const badItems: readonly (readonly [string, object, object, string])[] = [
    [
      'two or more choices',
      { kind: 'multipleChoice' },
      { ...question, choices: ['a'], answer: 0 },
      'choices, a list of two or more texts, got ["a"].',
    ],
    [
      'choices that differ',
      { kind: 'multipleChoice' },
      { ...question, choices: ['a', 'a'], answer: 0 },
      'choices that differ, got ["a","a"].',
    ],
    [
      'an answer among the choices',
      { kind: 'multipleChoice' },
      { ...question, choices: ['a', 'b'], answer: 2 },
      "answer, a choice's place, 0 to 1, got 2.",
    ],
    ['a text', { kind: 'perplexity' }, { id: 'a', text: '' }, 'text, not empty, got "".'],
    [
      'a ground truth',
      { metric: 'bfclAst' },
      { ...question, ground_truth: [{ f: { a: 1 } }] },
      'ground_truth, a list of {function: {argument: [accepted value, …]}}, got [{"f":{"a":1}}].',
    ],
    [
      'a follow-up that is a text',
      { kind: 'judge', judge: { baseUrl: 'http://127.0.0.1:1/v1', model: 'm' } },
      { ...question, followUp: ['and then?'] },
      'followUp, a text, got ["and then?"].',
    ],
    [
      'expected functions that are declared',
      { metric: 'bfclAst' },
      { ...question, ground_truth: [call], function: [{ name: 'g' }] },
      'functions of ground_truth that are among those of function, got "f".',
    ],
  ];
  for (const [what, kind, row, rule] of badItems)
    it(`have ${what}`, async () => {
      await writeFile(join(root, 'guard/test.jsonl'), jsonLines([row]));
      const found = await faults({ benchmarks: { guard: { path: 'guard', ...kind } } });
      assert.ok(found.includes(`guard/test.jsonl:1: expected ${rule}`), found.join('\n'));
    });

  it('may ask one question with other choices in another split, and no text twice', async () => {
    const choice = (id: string, right: string) => ({ ...question, id, choices: [right, 'no'], answer: 0 });
    const text = (id: string, of: string) => ({ id, text: of });
    const write = async (rows: Readonly<Record<string, object>>): Promise<void> => {
      for (const [split, row] of Object.entries(rows))
        await writeFile(join(root, `guard/${split}.jsonl`), jsonLines([row]));
    };
    await write({ search: choice('a', '1'), confirm: choice('a', '2'), test: choice('a', '3') });
    const benchmark = (kind: string) => ({ benchmarks: { guard: { path: 'guard', kind } }, objective: {} });
    assert.deepEqual(await faults(benchmark('multipleChoice')), []);
    await write({ search: text('a', 'one'), confirm: text('a', 'two'), test: text('a', 'one') });
    assert.deepEqual(await faults(benchmark('perplexity')), [
      'guard/test.jsonl:1: expected a question that search does not have, got "one". It stands at guard/search.jsonl:1 too.',
    ]);
  });

  it('of a judge have its prompt beside them, with a place for the answer', async () => {
    const judge = { baseUrl: 'http://127.0.0.1:1/v1', model: 'm' };
    const guard = { kind: 'judge', path: 'guard', judge };
    const rest = { benchmarks: { guard }, objective: {} };
    assert.deepEqual(await faults(rest), [
      'benchmarks.guard.prompt: expected a readable file in the folder, got "judge.md". The folder is guard.',
    ]);
    await writeFile(join(root, 'guard/judge.md'), 'Rate {question}.');
    assert.deepEqual(await faults(rest), [
      'benchmarks.guard.prompt: expected a prompt with {answer}, where the answer is put, got none. The folder is guard.',
    ]);
    await writeFile(join(root, 'guard/judge.md'), 'Rate {answer}.');
    assert.deepEqual(await faults(rest), []);
  });

  it('of a command are in its folder', async () => {
    const items = { search: 1, confirm: 1, test: 1 };
    const guard = { kind: 'command', path: 'guard', command: ['sh', '{model}'], files: ['score.py'], items };
    assert.deepEqual(await faults({ benchmarks: { guard }, objective: {} }), [
      'benchmarks.guard.files.0: expected a readable file in the folder, got "score.py". The folder is guard.',
    ]);
    await writeFile(join(root, 'guard/score.py'), '');
    assert.deepEqual(await faults({ benchmarks: { guard }, objective: {} }), []);
  });

  it('are relative to the spec file, and YAML slips are named by line', async () => {
    const file = join(root, 'spec.yaml');
    await writeFile(file, JSON.stringify(sampleSpec()));
    assert.ok((await readSpecFile(file)).ok);
    await writeFile(file, 'name: a\nname: b\nmodels: [\n');
    const broken = await readSpecFile(file);
    const text = broken.ok ? '' : formatFaults(broken.faults);
    assert.match(text, /spec\.yaml:2: expected YAML, got Map keys must be unique/);
  });
});
