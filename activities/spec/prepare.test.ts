import assert from 'node:assert/strict';
import { appendFile, cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { Json } from '../../domain/json.js';
import { stageIdOf } from '../../domain/stage.js';
import type { Prepared } from '../../workflows/activities.js';
import { createFolderStore } from '../store/folder.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { createPrepare, explorationIdOf, loadPlan } from './prepare.js';
import { chat, jsonLines, sampleSpec, writeWorld } from './testSpec.js';

const RUN = '1a2b3c4d-0000-4000-8000-000000000000';

describe('preparing an exploration', () => {
  let root: string;
  let storeFolder: string;
  let store: Store;
  beforeEach(async () => {
    root = await writeWorld();
    storeFolder = await mkdtemp(join(tmpdir(), 'lamdagent-prepare-'));
    store = createFolderStore(storeFolder);
  });
  afterEach(() =>
    Promise.all([root, storeFolder].map((folder) => rm(folder, { recursive: true, force: true }))),
  );

  const prepare = (changes: Readonly<Record<string, unknown>> = {}, firstRunId = RUN): Promise<Prepared> => {
    const spec = sampleSpec(changes) as Json;
    return createPrepare({ store, root })({ spec, workflowId: 'explore/sample', firstRunId });
  };

  it('resolves the whole plan', async () => {
    const { plan } = await prepare({ budget: { trials: 5, wallClock: '2h' } });
    assert.equal(plan.explorationId, explorationIdOf('sample', RUN));
    assert.match(plan.explorationId, /^sample-[0-9a-f]{8}$/);
    assert.equal(plan.seed, '1');
    assert.deepEqual(
      plan.models.map(({ name, parameterCount }) => [name, parameterCount]),
      [['base', 7]],
    );
    assert.deepEqual(
      plan.datasets.map(({ name, shape, rows }) => [name, shape, rows]),
      [
        ['alpha', 'sft', 2],
        ['beta', 'sft', 2],
        ['terse', 'preference', 1],
      ],
    );
    assert.deepEqual(
      plan.actions.map(({ kind, datasets, maxDatasets, maxModels }) => [
        kind,
        datasets,
        maxDatasets,
        maxModels,
      ]),
      [
        ['sft', ['alpha', 'beta'], 2, 1],
        ['dpo', ['terse'], 1, 1],
        ['merge', [], 0, 4],
      ],
    );
    assert.deepEqual(plan.actions[2]?.parameters, {
      method: { kind: 'choices', values: ['linear', 'ties'] },
      lambda: { kind: 'range', low: 0.2, high: 1, scale: 'linear', integer: false },
      subtracted: { kind: 'choices', values: [0] },
      density: { kind: 'choices', values: [0.5] },
      scope: { kind: 'choices', values: ['tensor'] },
      window: { kind: 'choices', values: [0.15] },
      outliers: { kind: 'choices', values: [0.01] },
      t: { kind: 'choices', values: [0.5] },
      grain: { kind: 'choices', values: ['tensor'] },
      share: { kind: 'choices', values: [0.75] },
    });
    assert.deepEqual(plan.constraints, [{ benchmark: 'guard', relativeToBase: true, bound: -0.02 }]);
    const open = { gpuSeconds: null, llmTokens: null, usd: null, gpuSecondsPerTrial: null };
    assert.deepEqual(plan.budget, { trials: 5, wallClockSeconds: 7200, ...open });
    assert.deepEqual(await loadPlan(store, plan.explorationId), plan);
  });

  it('imports every source by content, with a recipe whose id it has', async () => {
    const { plan } = await prepare();
    const splits = plan.benchmarks.flatMap(({ splits: { search, confirm, test } }) => [
      search,
      confirm,
      test,
    ]);
    const ids = [...plan.models, ...plan.datasets, ...splits].map(({ stageId }) => stageId);
    assert.equal(new Set(ids).size, 10);
    for (const stageId of ids) {
      const recipe = await store.read(keys.stage(stageId));
      assert.equal(stageIdOf(JSON.parse(recipe ?? 'null')), stageId);
      const manifest = await store.manifest(stageId);
      for (const { path } of manifest?.files ?? []) await store.openFile(stageId, path);
    }
    const model = await store.manifest(plan.models[0]?.stageId ?? '');
    assert.deepEqual(
      model?.files.map(({ path }) => path),
      ['config.json', 'model.safetensors', 'tokenizer.json'],
    );
    const { weightsSha256, shape } = plan.models[0] ?? {};
    assert.deepEqual(model.result, { weightsSha256, parameterCount: 7, shape });
    assert.equal(shape?.parameters, 7);
    assert.deepEqual((await store.manifest(plan.datasets[0]?.stageId ?? ''))?.result, {
      shape: 'sft',
      rows: 2,
    });
    assert.deepEqual((await store.manifest(splits[0]?.stageId ?? ''))?.result, {
      metric: 'exactMatch',
      maxNewTokens: 8,
      items: 2,
    });
  });

  it('begins with the base, then SFT on all data at the usual settings', async () => {
    const { plan, baselines } = await prepare();
    const [untouched, allData] = baselines;
    assert.deepEqual(
      [untouched?.trial, untouched?.origin, untouched?.stageId],
      [0, 'base', plan.models[0]?.stageId],
    );
    assert.deepEqual([allData?.trial, allData?.origin, allData?.label], [1, 'allData', 'sft on all data']);
    assert.deepEqual(allData?.action?.datasets, ['alpha', 'beta']);
    const { learningRate, steps, loraRank } = allData.action.parameters;
    assert.deepEqual([learningRate, steps, loraRank], [3e-4, 10, undefined]);
    assert.ok(await store.read(keys.stage(allData.stageId)));
  });

  it('begins with the base alone where there is no SFT', async () => {
    assert.equal((await prepare({ actions: { merge: {} } })).baselines.length, 1);
  });

  it('takes the middle of what the spec allows where the usual value is not allowed', async () => {
    const parameters = {
      learningRate: [5e-4, 1e-5, 1e-4],
      steps: { low: 200, high: 400 },
      scheduler: ['constant', 'cosine'],
    };
    const { baselines } = await prepare({ actions: { sft: { parameters } } });
    const action = baselines[1]?.action;
    assert.deepEqual(
      [action?.parameters['learningRate'], action?.parameters['steps'], action?.parameters['scheduler']],
      [1e-4, 300, 'constant'],
    );
  });

  it('gives a retry the same answer, whatever happened to the files meanwhile', async () => {
    const first = await prepare();
    const pointer = await store.read(keys.name('sample'));
    assert.deepEqual(await prepare(), first);
    await rm(join(root, 'alpha.jsonl'));
    assert.deepEqual(await prepare(), first);
    assert.equal(await store.read(keys.name('sample')), pointer);
  });

  it('reuses objects of an earlier exploration, wherever their files lie, and points the name at the new one', async () => {
    const first = await prepare();
    const moved = await mkdtemp(join(tmpdir(), 'lamdagent-moved-'));
    await cp(root, moved, { recursive: true });
    const objects = await readdir(join(storeFolder, 'objects'));
    const spec = sampleSpec() as Json;
    const second = await createPrepare({ store, root: moved })({
      spec,
      workflowId: 'explore/sample',
      firstRunId: 'ffff0000',
    });
    await rm(moved, { recursive: true });
    assert.deepEqual(second.plan.models, first.plan.models);
    assert.deepEqual(await readdir(join(storeFolder, 'objects')), objects);
    const pointer = (await store.read(keys.name('sample'))) ?? '';
    assert.ok(pointer.includes(second.plan.explorationId));
    assert.notEqual(second.plan.explorationId, first.plan.explorationId);
  });

  it('gives changed content another id', async () => {
    const first = await prepare();
    await appendFile(join(root, 'alpha.jsonl'), jsonLines([{ messages: chat('one', 'more') }]));
    const second = await prepare({}, 'ffff0000');
    assert.notEqual(second.plan.datasets[0]?.stageId, first.plan.datasets[0]?.stageId);
    assert.equal(second.plan.datasets[1]?.stageId, first.plan.datasets[1]?.stageId);
    assert.equal(second.plan.datasets[0]?.rows, 3);
  });

  it('fails once and for all on a bad spec, with every fault in the message', async () => {
    await rm(join(root, 'alpha.jsonl'));
    await assert.rejects(prepare({ sed: 1, parallel: 0 }), (error: unknown) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.deepEqual([error.type, error.nonRetryable], ['InvalidSpec', true]);
      for (const place of ['sed: expected', 'parallel: expected', 'datasets.alpha.path: expected'])
        assert.match(error.message, new RegExp(`^${place}`, 'm'));
      assert.doesNotMatch(error.message, /^ +at /m);
      assert.equal(error.stack, '');
      return true;
    });
    assert.equal(await store.read(keys.name('sample')), null);
  });

  it('refuses two names of one content', async () => {
    await cp(join(root, 'alpha.jsonl'), join(root, 'beta.jsonl'));
    await assert.rejects(
      prepare(),
      /datasets\.beta: expected content of its own, got that of datasets\.alpha/,
    );
  });

  it('lets an LLM choose only where the spec names one, and says how to switch it on', async () => {
    process.env['OPENAI_API_KEY'] = 'no consent';
    const without = await prepare();
    delete process.env['OPENAI_API_KEY'];
    assert.deepEqual([without.plan.policy, without.plan.llm], ['evolution', null]);
    assert.match(without.plan.notes.join('\n'), /for hybrid add llm/);
    const llm = { baseUrl: 'http://localhost:1/v1', model: 'm' };
    const hosted = await prepare({ llm }, 'aaaa0000');
    assert.deepEqual(
      [hosted.plan.policy, hosted.plan.llm],
      ['hybrid', { ...llm, timeoutSeconds: 120, maxTokens: 512, price: null }],
    );
    assert.match(hosted.plan.notes.join('\n'), /llm m: its price is not known, .* set llm\.prices/);
    const unused = await prepare({ llm, policy: 'random' }, 'bbbb0000');
    assert.deepEqual([unused.plan.policy, unused.plan.llm], ['random', null]);
    assert.match(unused.plan.notes.join('\n'), /the llm of the spec is not used/);
    const embedded = await prepare({ llm: { embedded: true } }, 'cccc0000');
    assert.match(embedded.plan.llm?.baseUrl ?? '', /^embedded:/);
  });

  it('pins what the LLM charges: the spec’s prices, else the table’s', async () => {
    const priced = { promptPerMillion: 3, completionPerMillion: 4 };
    const llm = { baseUrl: 'http://localhost:1/v1', model: 'openai/gpt-5-mini' };
    const tabled = (await prepare({ llm }, 'dddd0000')).plan;
    assert.deepEqual(tabled.llm?.price, { promptPerMillion: 0.25, completionPerMillion: 2 });
    assert.doesNotMatch(tabled.notes.join('\n'), /price/);
    const own = (await prepare({ llm: { ...llm, prices: priced } }, 'eeee0000')).plan;
    assert.deepEqual(own.llm?.price, priced);
    const embedded = (await prepare({ llm: { embedded: true } }, 'ffff0000')).plan;
    assert.deepEqual(embedded.llm?.price, { promptPerMillion: 0, completionPerMillion: 0 });
  });

  it('lets prompts tell measured seconds only where the budget is in seconds, or the spec says so', async () => {
    const costs = async (changes: Readonly<Record<string, unknown>>, run: string) =>
      (await prepare(changes, run)).plan.agent?.costs;
    assert.equal(await costs({}, 'aaaa1111'), 'sequences');
    assert.equal(await costs({ budget: { gpuSeconds: 60 } }, 'bbbb1111'), 'seconds');
    assert.equal(await costs({ agent: { costs: 'seconds' } }, 'cccc1111'), 'seconds');
    assert.equal((await prepare({}, 'dddd1111')).plan.agent?.explore, 0.1);
  });

  it('notes settings without effect', async () => {
    const { plan } = await prepare({ actions: { merge: { parameters: { density: 0.3 } } } });
    assert.match(
      plan.notes.join('\n'),
      /actions\.merge\.parameters\.density: without effect, since method is never ties/,
    );
  });

  it('says what is missing when a plan is read that is not there', async () => {
    await writeFile(join(storeFolder, 'x'), '');
    await assert.rejects(loadPlan(store, 'none-00000000'), /plan of none-00000000: expected in .*, got none/);
  });
});
