import assert from 'node:assert/strict';
import { faultOfPerson, faultOfText } from './personText.js';
import { mergePatch } from './mergePatch.js';
import { judgeRequest, type TrialRequest, type WrittenAction } from './request.js';
import { samplePlan, sampleProposal, sampleResult } from './samples.js';
import { stageIdOf } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import type { Action, TrialRecord } from './trial.js';

const PLAN = samplePlan();
const BASE = PLAN.models[0]?.stageId ?? '';
const PARAMETERS = {
  ...{ learningRate: 3e-4, steps: 10, batchSize: 4, warmupSteps: 2, scheduler: 'linear' },
  ...{ maxLength: 64, weightDecay: 0, tuning: 'full' },
};

function rowFor(trial: number, datasets: readonly string[], status: TrialRecord['status']): TrialRecord {
  const action: Action = { kind: 'sft', models: [BASE], datasets, parameters: PARAMETERS };
  const stageId = stageIdOf(stageOfAction(PLAN, action));
  const score = status === 'completed' ? 0.5 : null;
  return {
    ...{ schemaVersion: 1, ...sampleProposal(trial, 'policy'), ...sampleResult(trial, 0.5) },
    ...{ action, stageId, status, score, standardError: score, feasible: true, sequence: trial },
  };
}
const ROWS = [
  rowFor(2, ['alpha'], 'completed'),
  rowFor(3, ['beta'], 'crashed'),
  rowFor(4, ['alpha', 'beta'], 'diverged'),
];

describe("a person's trial", () => {
  const judged = (request: TrialRequest, pending: readonly string[] = []) =>
    judgeRequest({ plan: PLAN, rows: ROWS, pending }, request);
  const proposed = (changes: Partial<WrittenAction>, pending: readonly string[] = []) => {
    const action = { kind: 'sft', models: ['base'], datasets: ['alpha'], parameters: {}, ...changes };
    return judged({ kind: 'propose', action }, pending);
  };
  const reason = (of: ReturnType<typeof judged>): string => (of.kind === 'refused' ? of.reason : 'accepted');

  it('names models as people do, and takes usual values for what it leaves out', () => {
    const merge = proposed({
      kind: 'merge',
      models: ['base', 't0002'],
      datasets: [],
      parameters: { method: 'linear' },
    });
    assert.ok(merge.kind === 'accepted');
    assert.deepEqual(merge.requested.action, {
      ...{ kind: 'merge', models: [BASE, ROWS[0]?.stageId], datasets: [], parameters: { method: 'linear' } },
    });
    assert.match(merge.requested.label, /^merge method=linear on base \+ t0002$/);
    const sft = proposed({ models: ['t0002'] });
    assert.ok(sft.kind === 'accepted');
    assert.deepEqual(sft.requested.action.parameters, PARAMETERS);
  });

  for (const [what, changes, expected] of [
    [
      'a type that is none',
      { kind: 'sfd' },
      /kind: expected one of sft, merge, got sfd\. Did you mean sft\?/,
    ],
    [
      'an unknown model',
      { models: ['bas'] },
      /models: expected a model of the pool, got bas\. Did you mean base\?/,
    ],
    ['a failed model', { models: ['t0003'] }, /got t0003, which crashed/],
    ['unknown data', { datasets: ['gamma'] }, /datasets: expected some of alpha, beta, got gamma/],
    [
      'a value outside of the search',
      { parameters: { learningRate: 1 } },
      /learningRate: expected one of 0.0001, 0.0003, got 1/,
    ],
    ['a parameter that is none', { parameters: { lr: 1 } }, /lr: expected no such parameter here/],
    ['one that was scored', {}, /it is that of t0002 \(its score stands\)/],
    ['one that failed', { datasets: ['beta'] }, /it is that of t0003 \(crashed; `retry` tries it again\)/],
  ] as const)
    it(`is refused: ${what}`, () => {
      assert.match(reason(proposed(changes)), expected);
    });

  it('is refused while the same is in flight', () => {
    const free = proposed({ parameters: { learningRate: 1e-4 } });
    assert.ok(free.kind === 'accepted');
    const again = proposed({ parameters: { learningRate: 1e-4 } }, [free.requested.stageId]);
    assert.match(reason(again), /is being tried already/);
  });

  it('trains on all data, though its pipeline was tried on a share; a failed one again stays on its rung', () => {
    const onShare = (row: TrialRecord): TrialRecord => {
      const place = { fidelity: 0.25, recipeId: row.stageId, stageId: row.stageId.replace(/^./, 'x') };
      return { ...row, ...place };
    };
    const rows = ROWS.map(onShare);
    const judgedNow = (request: TrialRequest) => judgeRequest({ plan: PLAN, rows, pending: [] }, request);
    const action = { kind: 'sft', models: ['base'], datasets: ['alpha'], parameters: {} };
    const full = judgedNow({ kind: 'propose', action });
    assert.ok(full.kind === 'accepted');
    assert.deepEqual([full.requested.stageId, full.requested.fidelity], [ROWS[0]?.stageId, undefined]);
    const child = judgedNow({ kind: 'propose', action: { ...action, models: ['t0002'] } });
    assert.ok(child.kind === 'accepted');
    assert.deepEqual(child.requested.action.models, [ROWS[0]?.stageId], 'a model is its pipeline');
    const again = judgedNow({ kind: 'retry', trial: 3 });
    assert.ok(again.kind === 'accepted');
    const { stageId, fidelity, recipeId } = again.requested;
    assert.deepEqual([stageId, fidelity, recipeId], [rows[1]?.stageId, 0.25, ROWS[1]?.stageId]);
  });

  it('may be a failed one again, with the same stage, and no other', () => {
    const retry = (trial: number, pending: readonly string[] = []) =>
      judged({ kind: 'retry', trial }, pending);
    const again = retry(3);
    assert.ok(again.kind === 'accepted');
    assert.deepEqual([again.requested.stageId, again.requested.retryOf], [ROWS[1]?.stageId, 3]);
    assert.match(reason(retry(2)), /t0002 completed/);
    assert.match(reason(retry(7)), /t0007, which has no result yet/);
    assert.match(reason(retry(3, [ROWS[1]?.stageId ?? ''])), /t0003 is being tried again/);
    const done = rowFor(5, ['beta'], 'completed');
    const after = judgeRequest(
      { plan: PLAN, rows: [...ROWS, done], pending: [] },
      { kind: 'retry', trial: 3 },
    );
    assert.match(reason(after), /t0005 tried t0003 again and completed/);
  });
});

describe("a person's words", () => {
  it('are short, and without characters that change what others see', () => {
    assert.equal(faultOfText('text', 'prefer small merges: ö, 日本, 🙂'), null);
    assert.equal(faultOfPerson(undefined), null);
    for (const bad of ['', '  ', 'a\nb', '\u001b[2J', 'a\u202eb', 'a\u2028b', 'x'.repeat(501), 7, null])
      assert.match(faultOfText('text', bad) ?? '', /^text: expected .+, got .+/);
    assert.match(faultOfPerson(7) ?? '', /^by: expected some words, got 7/);
  });
});

describe('changes laid over a spec', () => {
  it('follow RFC 7396, its appendix included, and keep the order of entries', () => {
    for (const [target, patch, result] of [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: 'foo' }, 'bar', 'bar'],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ] as const)
      assert.deepEqual(mergePatch(target, patch), result);
    assert.deepEqual(Object.keys(mergePatch({ base: 1, other: 2 }, { base: 3 }) as object), [
      'base',
      'other',
    ]);
  });
});
