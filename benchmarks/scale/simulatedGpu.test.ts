import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import {
  BuildJobSchema,
  BuiltModelSchema,
  EvaluatedSchema,
  EvaluateJobSchema,
} from '../../activities/spec/contract.js';
import { createFolderStore } from '../../activities/store/folder.js';
import type { Store } from '../../activities/store/store.js';
import type { BuildJob, EvaluateJob } from '../../domain/outcome.js';
import { identify, type Stage } from '../../domain/stage.js';
import { withFolder } from '../../test/harness.js';
import { simulatedGpu, type Seconds } from './simulatedGpu.js';

const stage = (changes: Partial<Stage>): Stage => ({
  ...{ kind: 'sft', recipeVersion: 1, inputs: {}, parameters: {}, seed: '1', ...changes },
});
const base = identify(stage({ kind: 'model' }));
const items = identify(stage({ kind: 'benchmark' }));
const common = {
  schemaVersion: 1,
  options: { checkpointSeconds: 1, maxStalledAttempts: 3 },
  requester: 'x/t0001',
  label: '',
} as const;
const built = identify(stage({ inputs: { model: [base.stageId] }, parameters: { steps: 60 } }));
const scored = identify(
  stage({ kind: 'evaluate', inputs: { model: [built.stageId], benchmark: [items.stageId] }, seed: '0' }),
);
const buildJob: BuildJob = { ...common, ...built };
const evaluateJob: EvaluateJob = { ...common, modelStageId: built.stageId, stages: [scored] };

async function withStore(use: (store: Store) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const store = createFolderStore(folder);
    const facts = { stageId: base.stageId, weightsSha256: 'f'.repeat(64), parameterCount: 7 };
    await store.publish(base.stageId, 'model', [], facts);
    const text = Array.from(
      { length: 50 },
      (_, id) => `${JSON.stringify({ id: `item-${String(id)}` })}\n`,
    ).join('');
    await store.publish(items.stageId, 'benchmark', [{ path: 'items.jsonl', text }], {});
    await use(store);
  });
}

const gpuOn = (store: Store, seconds: Seconds) =>
  simulatedGpu({ store, worker: 'simulated', build: seconds, evaluate: seconds });

describe('a simulated GPU worker', () => {
  it('takes the jobs and gives the results of the contract, and leaves objects', async () => {
    await withStore(async (store) => {
      BuildJobSchema.parse(buildJob);
      EvaluateJobSchema.parse(evaluateJob);
      const gpu = gpuOn(store, [0, 0]);
      const model = BuiltModelSchema.parse(await gpu.build(buildJob));
      assert.deepEqual([model.parameterCount, model.steps, model.attempts.length], [7, 60, 1]);
      assert.equal((await store.manifest(built.stageId))?.result['madeFor'], 'x/t0001');
      const { scores } = EvaluatedSchema.parse(await gpu.evaluate(evaluateJob));
      assert.deepEqual([scores.length, scores[0]?.items], [1, 50]);
      assert.ok(await store.openFile(scored.stageId, 'rows.jsonl'));
    });
  });

  it('sleeps as long as the stage id says, beats meanwhile, and books what it slept', async () => {
    await withStore(async (store) => {
      const [activity, began] = [new MockActivityEnvironment(), performance.now()];
      const outcome = BuiltModelSchema.parse(await activity.run(gpuOn(store, [0.2, 0.4]).build, buildJob));
      const seconds = (performance.now() - began) / 1000;
      const slept = outcome.attempts[0]?.gpuSeconds ?? 0;
      assert.ok(slept >= 0.2 && slept <= 0.4 && seconds >= slept, `${String(slept)} ${String(seconds)}`);
    });
  });

  it('ends its sleep when it is cancelled, and leaves nothing', async () => {
    await withStore(async (store) => {
      const activity = new MockActivityEnvironment();
      const running = activity.run(gpuOn(store, [60, 60]).build, buildJob);
      activity.cancel('CANCELLED');
      await assert.rejects(running);
      assert.equal(await store.manifest(built.stageId), null);
    });
  });
});
