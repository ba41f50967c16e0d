import assert from 'node:assert/strict';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluationsOf } from '../../domain/evaluation.js';
import { SPLITS, type Plan } from '../../domain/plan.js';
import { createFolderStore } from '../store/folder.js';
import type { Store } from '../store/store.js';
import { BenchmarkSchema } from './benchmark.js';
import { splitSource } from './benchmarkSource.js';
import { createPrepare } from './prepare.js';
import { sampleSpec, writeWorld } from './testSpec.js';

/** What a score is measured with is part of the id of its evaluation: another evaluator is another stage. */
describe('an evaluation’s stage id', () => {
  let root = '';
  let store: Store;
  let runs = 0;
  beforeEach(async () => {
    root = await writeWorld();
    store = createFolderStore(join(root, 'store'));
    await writeFile(join(root, 'model', 'chat_template.jinja'), 'plain');
    await writeFile(join(root, 'model', 'generation_config.json'), '{"eos_token_id": 2}');
  });
  afterEach(() => rm(root, { recursive: true }));

  async function planOf(benchmark: object = {}): Promise<Plan> {
    runs += 1;
    const { benchmarks } = sampleSpec() as { benchmarks: { skill: object; guard: object } };
    const skill = JSON.parse(JSON.stringify({ ...benchmarks.skill, ...benchmark })) as object;
    const spec = sampleSpec({ benchmarks: { ...benchmarks, skill } }) as never;
    const { plan } = await createPrepare({ store, root })({
      ...{ spec, workflowId: 'explore/sample', firstRunId: `run ${String(runs)}` },
    });
    return plan;
  }
  /** The ids of the base's evaluations on one split. */
  const idsOf = (plan: Plan, split: (typeof SPLITS)[number] = 'search') =>
    Object.fromEntries(
      Object.entries(evaluationsOf(plan, split, plan.models[0]?.stageId ?? '')).map(([name, one]) => [
        name,
        one.stageId,
      ]),
    );
  async function afterChange(
    file: string,
    change: (path: string) => Promise<void>,
    benchmark: object = {},
  ): Promise<Plan> {
    await change(join(root, file));
    return planOf(benchmark);
  }

  it('stays while nothing changes, and differs by split and benchmark', async () => {
    const plan = await planOf();
    assert.deepEqual(idsOf(await planOf()), idsOf(plan));
    const all = SPLITS.flatMap((split) => Object.values(idsOf(plan, split)));
    assert.equal(new Set(all).size, 6);
  });

  it('is that of version 0.1 for a benchmark of generated answers', async () => {
    const id = 'bbd6bcdfd874c6cabfc8470f79991ac13d40494c7792fd57de1e864cdea88117';
    assert.equal((await planOf()).benchmarks[0]?.splits.search.stageId, id);
    assert.equal((await planOf({ kind: 'generation' })).benchmarks[0]?.splits.search.stageId, id);
  });

  it('changes with the kind, and with a command, its files and its limits', async () => {
    await writeFile(join(root, 'skill', 'score.py'), 'print(1)');
    const items = { search: 2, confirm: 2, test: 2 };
    const command = (changes: object = {}) => ({
      ...{ kind: 'command', command: ['python3', 'score.py', '{model}'], files: ['score.py'], items },
      ...{ maxNewTokens: undefined, ...changes },
    });
    const plans = [
      await planOf(),
      await planOf(command()),
      await planOf(command({ command: ['python3', '-u', 'score.py', '{model}'] })),
      await planOf(command({ timeout: 60 })),
      await planOf(command({ items: { ...items, search: 3 } })),
    ];
    const changed = await afterChange('skill/score.py', (path) => writeFile(path, 'print(2)'), command());
    const again = await planOf(command());
    assert.equal(new Set([...plans, changed].map((plan) => idsOf(plan)['skill'])).size, 6);
    assert.deepEqual(idsOf(again), idsOf(changed));
    const [, plan] = plans;
    assert.ok(plan);
    assert.equal(new Set(SPLITS.map((split) => idsOf(plan, split)['skill'])).size, 3);
    assert.deepEqual(plan.benchmarks[0]?.splits.confirm.items, 2);
    assert.match(plan.notes.join('\n'), /benchmarks\.skill: the contamination gate cannot see/);
  });

  it('changes with a task of lm-eval, its settings and its files; splits draw different documents', async () => {
    await writeFile(join(root, 'skill', 'ours.yaml'), 'task: ours');
    const items = { search: 2, confirm: 3, test: 4 };
    const task = (changes: object = {}) => ({
      ...{ kind: 'lmEval', task: 'ours', files: ['ours.yaml'], items, metric: 'acc' },
      ...{ maxNewTokens: undefined, ...changes },
    });
    const plans = [
      await planOf(task()),
      await planOf(task({ metric: 'acc_norm' })),
      await planOf(task({ filter: 'strict' })),
      await planOf(task({ fewshot: 2 })),
      await planOf(task({ chatTemplate: true })),
      await planOf(task({ seed: 1 })),
      await planOf(task({ path: undefined, files: undefined })),
      await afterChange('skill/ours.yaml', (path) => appendFile(path, '\n'), task()),
    ];
    assert.equal(new Set(plans.map((plan) => idsOf(plan)['skill'])).size, plans.length);
    const parameters = SPLITS.map(
      (split) =>
        splitSource(BenchmarkSchema.parse(JSON.parse(JSON.stringify(task({ path: 'skill' })))), split)
          .parameters,
    );
    const drawn = parameters.map(({ first, items: count, total }) => [first, count, total]);
    assert.deepEqual(drawn, [
      [0, 2, 9],
      [2, 3, 9],
      [5, 4, 9],
    ]);
    assert.match(
      plans[0]?.notes.join('\n') ?? '',
      /benchmarks\.skill: the contamination gate cannot see what its task asks/,
    );
  });

  it('changes with a judge, its prompt, its scale and what may be missing', async () => {
    await writeFile(join(root, 'skill', 'judge.md'), 'Rate {answer}.');
    const judge = { baseUrl: 'http://127.0.0.1:1/v1', model: 'judge-1' };
    const judged = (changes: object = {}) => ({ kind: 'judge', judge, ...changes });
    const plans = [
      await planOf(judged()),
      await planOf(judged({ judge: { ...judge, model: 'judge-2' } })),
      await planOf(judged({ judge: { ...judge, baseUrl: 'http://127.0.0.1:2/v1' } })),
      await planOf(judged({ scale: { low: 0, high: 1 } })),
      await planOf(judged({ maxMissing: 0 })),
      await afterChange('skill/judge.md', (path) => appendFile(path, '!'), judged()),
    ];
    assert.equal(new Set(plans.map((plan) => idsOf(plan)['skill'])).size, plans.length);
    const notes = plans[0]?.notes.join('\n') ?? '';
    assert.match(
      notes,
      /benchmarks\.skill: each answer of each evaluation is sent to judge-1 at http:.* not counted/,
    );
    assert.doesNotMatch(notes, /contamination gate cannot see/);
  });

  it('changes with one character of an item, for that benchmark and split alone', async () => {
    const before = await planOf();
    const after = await afterChange('skill/search.jsonl', async (path) => {
      await writeFile(path, (await readFile(path, 'utf8')).replace('"yes"', '"Yes"'));
    });
    assert.notEqual(idsOf(after)['skill'], idsOf(before)['skill']);
    assert.equal(idsOf(after)['guard'], idsOf(before)['guard']);
    assert.deepEqual(idsOf(after, 'confirm'), idsOf(before, 'confirm'));
  });

  it('changes with the metric and with the limit of new tokens', async () => {
    const ids = [await planOf(), await planOf({ metric: 'f1' }), await planOf({ maxNewTokens: 9 })].map(
      (plan) => idsOf(plan)['skill'],
    );
    assert.equal(new Set(ids).size, 3);
  });

  for (const file of ['chat_template.jinja', 'generation_config.json', 'tokenizer.json'])
    it(`changes with the model's ${file}`, async () => {
      const before = await planOf();
      const after = await afterChange(join('model', file), (path) => appendFile(path, ' '));
      assert.notEqual(idsOf(after)['skill'], idsOf(before)['skill']);
      assert.notEqual(idsOf(after)['guard'], idsOf(before)['guard']);
    });
});
