import assert from 'node:assert/strict';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluationsOf } from '../../domain/evaluation.js';
import { SPLITS, type Plan } from '../../domain/plan.js';
import { createFolderStore } from '../store/folder.js';
import type { Store } from '../store/store.js';
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
    const spec = sampleSpec({
      benchmarks: { ...benchmarks, skill: { ...benchmarks.skill, ...benchmark } },
    }) as never;
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
  async function afterChange(file: string, change: (path: string) => Promise<void>): Promise<Plan> {
    await change(join(root, file));
    return planOf();
  }

  it('stays while nothing changes, and differs by split and benchmark', async () => {
    const plan = await planOf();
    assert.deepEqual(idsOf(await planOf()), idsOf(plan));
    const all = SPLITS.flatMap((split) => Object.values(idsOf(plan, split)));
    assert.equal(new Set(all).size, 6);
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
