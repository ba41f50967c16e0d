import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { smallBytesFor } from '../../domain/retention.js';
import type { IdentifiedStage } from '../../domain/stage.js';
import { withFolder } from '../../test/harness.js';
import { createFolderStore } from '../store/folder.js';
import type { Store } from '../store/store.js';
import { createCollector } from './automatic.js';
import { collect, type Collected } from './collect.js';
import { createKnownReader } from './known.js';
import { MODEL_BYTES, retentionWorld, type RetentionWorld } from './testWorld.js';

/** What a manifest adds to MODEL_BYTES, at most. */
const MANIFEST_BYTES = 500;

interface World extends RetentionWorld {
  readonly store: Store;
  /** Room for so many models. */
  collect(
    models: number,
    more?: { keep?: number; graceMs?: number; dryRun?: boolean; on?: Store },
  ): Promise<Collected>;
  there(stages: readonly IdentifiedStage[]): Promise<readonly boolean[]>;
}

async function inWorld(use: (world: World) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const store = createFolderStore(folder);
    const known = createKnownReader(store);
    await use({
      ...(await retentionWorld(store)),
      store,
      collect: (models, { keep = 0, graceMs = 0, dryRun = false, on = store } = {}) => {
        const budgetBytes = models * (MODEL_BYTES + MANIFEST_BYTES);
        const rules = { budgetBytes, keep, graceMs, smallBytes: smallBytesFor(budgetBytes) };
        return collect(on, { rules, dryRun, known });
      },
      there: (stages) =>
        Promise.all(stages.map(async ({ stageId }) => (await store.manifest(stageId)) !== null)),
    });
  });
}

/** Trials 2, 3, … with models of their own, all booked, the later the better. */
async function bookedTrials(world: World, count: number): Promise<readonly IdentifiedStage[]> {
  const stages = Array.from({ length: count }, (_, index) => world.stage(index + 2));
  for (const [index, stage] of stages.entries()) {
    await world.decide(index + 2, stage);
    await world.publish(stage);
    await world.book(index + 2, stage, index / 10);
  }
  return stages;
}

describe('collecting', () => {
  it('brings the store under its budget and keeps the best; a dry run says the same and does nothing', async () => {
    await inWorld(async (world) => {
      const stages = await bookedTrials(world, 5);
      await world.end();
      const planned = await world.collect(2, { keep: 1, dryRun: true });
      assert.deepEqual(await world.there(stages), [true, true, true, true, true]);
      const collected = await world.collect(2, { keep: 1 });
      assert.deepEqual(collected, planned);
      assert.deepEqual(
        collected.removed.map(({ stageId }) => stageId),
        stages.slice(0, 3).map(({ stageId }) => stageId),
      );
      assert.deepEqual(await world.there(stages), [false, false, false, true, true]);
      assert.equal(
        (await world.store.objects()).reduce((sum, { bytes }) => sum + bytes, 0),
        collected.bytesAfter,
      );
    });
  });

  it('keeps what a decided trial needs, through parents that are missing too, and baselines', async () => {
    await inWorld(async (world) => {
      const [first, second, third] = [world.stage(2), world.stage(3), world.stage(4)];
      await world.publish(first);
      await world.publish(second);
      await world.publish(third);
      const parent = world.stage(5, [first]);
      await world.decide(5, parent);
      await world.book(5, parent, 0);
      await world.decide(6, world.stage(6, [parent, second]));
      await world.collect(0);
      assert.deepEqual(await world.there([first, second, third]), [true, true, false]);
      await world.book(6, world.stage(6, [parent, second]), 0);
      await world.end();
      await world.collect(0);
      assert.deepEqual(await world.there([first, second]), [false, false]);
    });
  });

  it('brings back a model that a trial decides for at that very moment', async () => {
    await inWorld(async (world) => {
      const [wanted, unwanted, ...finalists] = await bookedTrials(world, 4);
      assert.ok(wanted && unwanted);
      const decidesMeanwhile: Store = {
        ...world.store,
        remove: (stageId, confirm = () => Promise.resolve(true)) =>
          world.store.remove(stageId, async () => {
            assert.equal(await world.store.manifest(stageId), null);
            if (stageId === wanted.stageId) await world.decide(9, world.stage(9, [wanted]));
            return confirm();
          }),
      };
      const { removed, spared } = await world.collect(0, { on: decidesMeanwhile });
      const ids = (objects: readonly { readonly stageId: string }[]) => objects.map(({ stageId }) => stageId);
      assert.deepEqual(ids(spared), [wanted.stageId]);
      assert.deepEqual(ids(removed), [unwanted.stageId]);
      assert.deepEqual(await world.there([wanted, unwanted, ...finalists]), [true, false, true, true]);
    });
  });

  it('keeps what is young', async () => {
    await inWorld(async (world) => {
      const stages = await bookedTrials(world, 2);
      await world.end();
      assert.deepEqual((await world.collect(0, { graceMs: 60_000 })).removed, []);
      assert.deepEqual(await world.there(stages), [true, true]);
    });
  });

  it('never touches imported files, scores, recipes or records, whatever the budget', async () => {
    await inWorld(async (world) => {
      const text = 'x'.repeat(MODEL_BYTES);
      const kinds = ['model', 'dataset', 'benchmark', 'evaluate'];
      const stages = kinds.map((_, index) => world.stage(20 + index));
      for (const [index, { stageId }] of stages.entries())
        await world.store.publish(stageId, kinds[index] ?? '', [{ path: 'a', text }], {});
      const [made] = await bookedTrials(world, 1);
      await world.end();
      const { removed } = await world.collect(0);
      assert.deepEqual(
        removed.map(({ stageId }) => stageId),
        [made?.stageId],
      );
      for (const { stageId } of stages)
        assert.equal(await readFile(await world.store.openFile(stageId, 'a'), 'utf8'), text);
      assert.notEqual(await world.store.read(`stages/${String(made?.stageId)}.json`), null);
      assert.equal((await world.store.list(`ledger/${world.plan.explorationId}/rows`)).length, 1);
    });
  });
});

describe('the collector', () => {
  const budgetBytes = 2 * (MODEL_BYTES + MANIFEST_BYTES);

  it('keeps the budget beside the work, and says what it did', async () => {
    await inWorld(async (world) => {
      const lines: string[] = [];
      const warn = (line: string): void => void lines.push(line);
      const collector = createCollector({ store: world.store, budgetBytes, graceMs: 0, warn });
      const stages = await bookedTrials(world, 3);
      collector.nudge();
      collector.nudge();
      await collector.idle();
      // Three is what it keeps of each exploration.
      assert.deepEqual(await world.there(stages), [true, true, true]);
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', /store: expected at most 5\.0 KB, got 7\.\d KB, all of it kept\. Raise/);
      const later = world.stage(9);
      await world.decide(9, later);
      await world.publish(later);
      await world.book(9, later, 0.9);
      collector.nudge();
      await collector.idle();
      assert.deepEqual(await world.there([...stages, later]), [false, true, true, true]);
      assert.match(lines[1] ?? '', /store: 1 objects collected, 2\.\d KB freed/);
      assert.equal(lines.length, 2);
      await collector.close();
    });
  });

  it('warns when the store fails, and tries again at the next nudge', async () => {
    await inWorld(async (world) => {
      await bookedTrials(world, 5);
      await world.end();
      const lines: string[] = [];
      let broken = true;
      const store: Store = {
        ...world.store,
        objects: () => (broken ? Promise.reject(new Error('disk on fire')) : world.store.objects()),
      };
      const warn = (line: string): void => void lines.push(line);
      const collector = createCollector({ store, budgetBytes, graceMs: 0, warn });
      collector.nudge();
      await collector.idle();
      assert.deepEqual(lines, ['store: collecting failed, and is tried again: disk on fire']);
      broken = false;
      collector.nudge();
      await collector.idle();
      assert.equal((await world.store.objects()).length, 3);
    });
  });

  it('does nothing without a budget, or once it is closed', async () => {
    await inWorld(async (world) => {
      const stages = await bookedTrials(world, 5);
      await world.end();
      const warn = assert.fail;
      const without = createCollector({ store: world.store, budgetBytes: null, graceMs: 0, warn });
      without.nudge();
      await without.idle();
      const closed = createCollector({ store: world.store, budgetBytes, graceMs: 0, warn });
      await closed.close();
      closed.nudge();
      await closed.idle();
      assert.deepEqual(await world.there(stages), [true, true, true, true, true]);
    });
  });
});
