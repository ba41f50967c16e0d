import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  planRetention,
  smallBytesFor,
  type Candidate,
  type KnownExploration,
  type RetentionRules,
} from './retention.js';
import type { ExplorationResult } from './result.js';
import { sampleProposal, sampleResult, sampleStageId } from './samples.js';
import { sha256Hex } from './stage.js';
import type { TrialRecord } from './trial.js';

const DAY = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00.000Z');
const RULES: RetentionRules = {
  budgetBytes: 0,
  keep: 0,
  smallBytes: 10,
  graceMs: DAY,
  now: at(100),
};

function at(day: number): string {
  return new Date(START + day * DAY).toISOString();
}

/** Trial `trial`'s model of 100 bytes, published on day `day`. */
function model(trial: number, day = 0, changes: Partial<Candidate> = {}): Candidate {
  return { stageId: sampleStageId(trial), kind: 'sft', bytes: 100, publishedAt: at(day), ...changes };
}

function row(trial: number, score: number, changes: Partial<TrialRecord> = {}): TrialRecord {
  const record = { ...sampleProposal(trial, 'policy'), ...sampleResult(trial, score) };
  const judged = { score, standardError: 0.1, feasible: true };
  return { schemaVersion: 1, sequence: trial, ...record, ...judged, ...changes };
}

function exploration(
  rows: readonly TrialRecord[],
  changes: Partial<KnownExploration> = {},
): KnownExploration {
  return {
    plan: { name: 'sample', finalists: 2 },
    rows,
    result: null,
    isOpen: false,
    needed: new Map(),
    ...changes,
  };
}

const trialsOf = (ids: readonly { readonly stageId: string }[]): readonly number[] =>
  ids.map(({ stageId }) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find((n) => sampleStageId(n) === stageId) ?? -1);

describe('retention', () => {
  it('removes nothing without a budget, and nothing within it', () => {
    const objects = [model(1), model(2)];
    for (const budgetBytes of [null, 200, 201]) {
      const plan = planRetention(objects, [], { ...RULES, budgetBytes });
      assert.deepEqual(plan.removed, []);
      assert.deepEqual(
        plan.kept.map(({ reason }) => reason),
        ['room', 'room'],
      );
    }
  });

  it('lets go what was used longest ago, and no more than it must', () => {
    const objects = [model(1, 3), model(2, 1), model(3, 2), model(4, 4)];
    const plan = planRetention(objects, [], { ...RULES, budgetBytes: 200 });
    assert.deepEqual(trialsOf(plan.removed), [2, 3]);
    assert.equal(plan.bytesBefore, 400);
    assert.equal(plan.bytesAfter, 200);
  });

  it('counts being built on as use', () => {
    const parent = { kind: 'sft', models: [sampleStageId(1)], datasets: [], parameters: {} } as const;
    const rows = [
      row(1, 0.1, { endedAt: at(1) }),
      row(2, 0.2, { endedAt: at(2) }),
      row(3, 0.3, { action: parent, endedAt: at(3) }),
    ];
    const plan = planRetention([model(1), model(2)], [exploration(rows)], { ...RULES, budgetBytes: 100 });
    assert.deepEqual(trialsOf(plan.removed), [2]);
  });

  it('keeps the best of each exploration, whatever the budget', () => {
    const first = exploration([row(1, 0.1), row(2, 0.9), row(3, 0.5)]);
    const second = exploration([row(4, 0.2), row(5, 0.1)], { plan: { name: 'other', finalists: 2 } });
    const objects = [1, 2, 3, 4, 5].map((trial) => model(trial));
    const plan = planRetention(objects, [first, second], { ...RULES, keep: 1 });
    assert.deepEqual(trialsOf(plan.kept.map(({ object }) => object)), [2, 4]);
    assert.deepEqual(
      plan.kept.map(({ why }) => why),
      ['number 1 of sample (t0002)', 'number 1 of other (t0004)'],
    );
  });

  it('keeps champions and finalists for good, and while a search is open those it would choose now', () => {
    const rows = [row(0, 0.95), row(1, 0.1), row(2, 0.9), row(3, 0.5), row(4, 0.8, { feasible: false })];
    const objects = [1, 2, 3, 4].map((trial) => model(trial));
    const reasons = (changes: Partial<KnownExploration>) =>
      Object.fromEntries(
        planRetention(objects, [exploration(rows, changes)], RULES).kept.map(({ object, reason }) => [
          trialsOf([object])[0],
          reason,
        ]),
      );
    assert.deepEqual(reasons({ isOpen: true }), { 2: 'finalist', 3: 'finalist' });
    assert.deepEqual(reasons({}), {});
    const confirmation = { finalists: [{ trial: 1 }, { trial: 2 }] };
    const result = { champion: 1, confirmation } as unknown as ExplorationResult;
    assert.deepEqual(reasons({ result }), { 1: 'champion', 2: 'finalist' });
  });

  it('keeps SFT on all data while a search is open: the later splits compare with it', () => {
    const rows = [row(0, 0.95), row(1, 0.1, { origin: 'allData', feasible: false }), row(2, 0.9)];
    const kept = (isOpen: boolean) =>
      trialsOf(
        planRetention([model(1)], [exploration(rows, { isOpen })], RULES).kept.map(({ object }) => object),
      );
    assert.deepEqual([kept(true), kept(false)], [[1], []]);
  });

  it('keeps what trials in flight need before all else', () => {
    const needed = new Map([[sampleStageId(1), 't0007']]);
    const plan = planRetention([model(1), model(2)], [exploration([], { needed, isOpen: true })], RULES);
    assert.deepEqual(trialsOf(plan.removed), [2]);
    assert.equal(plan.kept[0]?.why, 'trial t0007 of sample, in flight');
  });

  it('keeps what no recipe rebuilds, scores, small things, young things and kinds it does not know', () => {
    const objects = [
      model(1, 0, { kind: 'model' }),
      model(2, 0, { kind: 'dataset' }),
      model(3, 0, { kind: 'benchmark' }),
      model(4, 0, { kind: 'evaluate' }),
      model(5, 0, { bytes: 10 }),
      model(6, 99.5),
      model(7, 0, { kind: 'pretraining' }),
      model(8, 0, { kind: null, bytes: 1 }),
      model(9, 99),
    ];
    const plan = planRetention(objects, [], RULES);
    assert.deepEqual(
      plan.kept.map(({ reason }) => reason),
      ['source', 'source', 'source', 'scores', 'small', 'young', 'unknown', 'small'],
    );
    assert.deepEqual(trialsOf(plan.removed), [9]);
  });

  it('calls an adapter small, but on a tiny budget only what is tiny', () => {
    assert.equal(smallBytesFor(null), 64 * 2 ** 20);
    assert.equal(smallBytesFor(50e9), 64 * 2 ** 20);
    assert.equal(smallBytesFor(1e6), 10_000);
  });

  it('partitions, frees enough or all it may, and removes less under a larger budget', () => {
    const objects = fc.uniqueArray(
      fc.record({
        stageId: fc.integer({ min: 0, max: 40 }).map((n) => sha256Hex(String(n))),
        bytes: fc.integer({ min: 0, max: 1000 }),
        kind: fc.constantFrom('sft', 'merge', 'model', 'evaluate', null),
        publishedAt: fc.integer({ min: 0, max: 110 }).map(at),
      }),
      { selector: ({ stageId }) => stageId },
    );
    const budget = fc.integer({ min: 0, max: 20_000 });
    fc.assert(
      fc.property(objects, budget, budget, (all, one, other) => {
        const [small, large] = [Math.min(one, other), Math.max(one, other)];
        const [tight, wide] = [small, large].map((budgetBytes) =>
          planRetention(all, [], { ...RULES, budgetBytes }),
        );
        assert.ok(tight && wide);
        const ids = [...tight.kept.map(({ object }) => object), ...tight.removed].map((x) => x.stageId);
        assert.deepEqual(ids.sort(), all.map(({ stageId }) => stageId).sort());
        if (tight.bytesAfter > small) assert.ok(tight.kept.every(({ reason }) => reason !== 'room'));
        assert.deepEqual(wide.removed, tight.removed.slice(0, wide.removed.length));
        for (const { stageId } of tight.removed) {
          const object = all.find((x) => x.stageId === stageId);
          assert.ok(object?.kind === 'sft' || object?.kind === 'merge');
        }
      }),
    );
  });
});
