import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { Json } from '../../domain/json.js';
import { COMMIT_A, openTestHub, TOKEN, type TestHub } from '../hub/testHub.js';
import { createFolderStore } from '../store/folder.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { createPrepare } from './prepare.js';
import { checkSpec } from './spec.js';
import { jsonLines, safetensors, sampleSpec, writeWorld } from './testSpec.js';

const rows = (name: string, count: number) =>
  jsonLines(
    Array.from({ length: count }, (_, at) => ({ prompt: `${name} ${String(at)}`, completion: 'yes' })),
  );

describe('models and datasets of a hub', () => {
  let hub: TestHub;
  let root: string;
  let store: Store;
  let folders: readonly string[];
  beforeEach(async () => {
    hub = await openTestHub({
      'org/model': {
        files: {
          'README.md': '# model',
          'config.json': '{"model_type":"llama"}',
          'tokenizer.json': '{}',
          'model.safetensors': safetensors({ b: [2, 2], a: [3] }),
          'pytorch_model.bin': 'a pickle',
          'modeling_evil.py': 'raise SystemExit',
        },
        largeFrom: 60,
      },
      'org/pickles': {
        files: { 'config.json': '{}', 'tokenizer.json': '{}', 'pytorch_model.bin': 'a pickle' },
      },
      'org/data': {
        files: {
          'data/train-00000-of-00002.jsonl': rows('first', 3),
          'data/train-00001-of-00002.jsonl': rows('second', 2),
          'extra.csv': 'prompt,completion\nfrom csv,yes\n',
        },
      },
      'org/secret': { files: { 'train.jsonl': rows('secret', 4) }, access: 'private' },
    });
    root = await writeWorld();
    const storeFolder = await mkdtemp(join(tmpdir(), 'lamdagent-hub-store-'));
    const cache = await mkdtemp(join(tmpdir(), 'lamdagent-hub-cache-'));
    folders = [root, storeFolder, cache];
    store = createFolderStore(storeFolder);
  });
  afterEach(async () => {
    await hub.close();
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  const prepare = async (changes: object, { token = null as string | null, run = 'run' } = {}) => {
    const spec = sampleSpec({ actions: { sft: {} }, ...changes }) as Json;
    const access = { endpoint: hub.endpoint, token, folder: folders[2] ?? '', pauseMs: 1 };
    return (
      await createPrepare({ store, root, hub: access })({
        spec,
        workflowId: 'explore/sample',
        firstRunId: run,
      })
    ).plan;
  };
  const refusal = async (changes: object): Promise<readonly string[]> => {
    const failure = await prepare(changes).then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ApplicationFailure, String(failure));
    return failure.message.split('\n').slice(1);
  };
  const datasets = {
    parts: { hub: 'org/data' },
    table: { hub: 'org/data', file: 'extra.csv', revision: COMMIT_A },
  };

  it('are taken at a commit that the plan records; a note says which where the spec names none', async () => {
    const plan = await prepare({ models: { base: { hub: 'org/model', revision: 'v1' } }, datasets });
    assert.deepEqual(plan.models[0]?.hub, { id: 'org/model', commit: COMMIT_A, revision: 'v1' });
    assert.deepEqual(
      plan.datasets.map(({ name, rows: count, hub: pin }) => [name, count, pin?.revision]),
      [
        ['parts', 5, null],
        ['table', 1, COMMIT_A],
      ],
    );
    assert.deepEqual(
      plan.notes.filter((note) => note.includes('commit')),
      [
        `models.base: org/model was taken at commit ${COMMIT_A} (v1)`,
        `datasets.parts: org/data was taken at commit ${COMMIT_A} (no revision named: main)`,
      ],
    );
    const spec = JSON.parse((await store.read(keys.spec(plan.explorationId))) ?? '') as {
      models: object;
      datasets: object;
    };
    assert.deepEqual(spec.models, { base: { hub: 'org/model', revision: COMMIT_A } });
    assert.deepEqual(spec.datasets, {
      parts: { hub: 'org/data', revision: COMMIT_A },
      table: datasets.table,
    });
  });

  it('are the same objects as the same files in a folder, and bring no code', async () => {
    const plan = await prepare({ models: { base: { hub: 'org/model' } } });
    const local = await prepare({}, { run: 'other' });
    assert.equal(plan.models[0]?.stageId, local.models[0]?.stageId);
    assert.equal(plan.models[0]?.parameterCount, 7);
    const brought = await readdir(join(folders[2] ?? '', 'models/org--model', COMMIT_A));
    assert.deepEqual(brought.sort(), ['config.json', 'model.safetensors', 'tokenizer.json']);
  });

  it('stay what they are when the branch moves: the plan of a run is made once', async () => {
    const plan = await prepare({ datasets });
    hub.commits['main'] = 'b'.repeat(40);
    assert.deepEqual(await prepare({ datasets }), plan);
  });

  it('may be made into others like files', async () => {
    const plan = await prepare({ datasets: { ...datasets, part: { subset: { from: 'parts', rows: 2 } } } });
    assert.equal(plan.datasets.find(({ name }) => name === 'part')?.rows, 2);
  });

  it('that are not there are faults of the spec', async () => {
    const model = (base: object) => ({ models: { base } });
    assert.deepEqual(await refusal(model({ hub: 'org/none' })), [
      'models.base.hub: expected a repository that this hub shows, got org/none: status 401 (RepoNotFound). Check the name; a private one needs HF_TOKEN for the orchestrator, and another hub HF_ENDPOINT.',
    ]);
    assert.match(
      (await refusal(model({ hub: 'org/pickles' })))[0] ?? '',
      /^models\.base\.hub: expected weights in model\.safetensors, got org\/pickles: .*never loaded/,
    );
    assert.match(
      (await refusal({ datasets: { x: { hub: 'org/data', revision: 'v9' } } }))[0] ?? '',
      /^datasets\.x\.hub: expected a commit, tag or branch/,
    );
    assert.deepEqual(await refusal({ datasets: { x: { hub: 'org/data', file: 'extra.cvs' } } }), [
      'datasets.x.hub: expected a file of the repository, got org/data: extra.cvs. Did you mean extra.csv?',
    ]);
  });

  it('are left for the start where a spec is only checked', async () => {
    const checked = await checkSpec(
      sampleSpec({ models: { base: { hub: 'org/model' } }, datasets, actions: { sft: {} } }),
      root,
    );
    assert.ok(checked.ok);
    assert.equal(hub.seen.length, 0);
  });

  it('may be private: the token opens them, and stands in nothing that is left behind', async () => {
    const secret = { datasets: { secret: { hub: 'org/secret' } } };
    assert.match((await refusal(secret))[0] ?? '', /needs HF_TOKEN/);
    const plan = await prepare(secret, { token: TOKEN });
    assert.equal(plan.datasets[0]?.rows, 4);
    for (const folder of folders)
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
        if (entry.isFile())
          assert.ok(!(await readFile(join(entry.parentPath, entry.name))).includes(TOKEN), entry.name);
  });
});
