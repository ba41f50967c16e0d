import assert from 'node:assert/strict';
import type { DecisionRecord, LlmCall } from '../../domain/decision.js';
import { samplePlan } from '../../domain/samples.js';
import { identify } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { Action } from '../../domain/trial.js';
import { baseRow, proposalFor, rowFor } from '../decide/testWorld.js';
import type { StoredExploration } from './read.js';
import { searchOf } from './search.js';
import { trialNames, trialNumber, trialView } from './trialView.js';

const price = { promptPerMillion: 1, completionPerMillion: 10 };
const plan = samplePlan({
  policy: 'agent',
  llm: { baseUrl: 'http://127.0.0.1:1/v1', model: 'm', timeoutSeconds: 1, maxTokens: 16, price },
});
const base = baseRow(plan);
const sft = (model: string, dataset: string, learningRate: number): Action => ({
  kind: 'sft',
  models: [model],
  datasets: [dataset],
  parameters: {
    ...{ learningRate, steps: 10, batchSize: 4, warmupSteps: 2, scheduler: 'linear', maxLength: 64 },
    ...{ weightDecay: 0, tuning: 'full' },
  },
});
const rowOf = (trial: number, action: Action) =>
  rowFor(plan, { trial, origin: 'policy', action, stageId: '' });
const first = rowOf(1, sft(base.stageId, 'alpha', 1e-4));
const second = rowOf(2, sft(first.stageId, 'beta', 3e-4));
const merged = rowOf(3, {
  ...{ kind: 'merge', models: [first.stageId, second.stageId], datasets: [] },
  parameters: { method: 'linear' },
});
const rows = [base, first, second, merged];

function decisionOf(row: typeof first, changes: Partial<DecisionRecord> = {}): DecisionRecord {
  const { action, trial } = row;
  assert.ok(action);
  return {
    ...{ schemaVersion: 1, decision: trial - 1, policy: 'agent', ledgerRows: trial, inFlight: [], action },
    ...{ reason: 'it helps', fallback: false, positions: [], calls: [], memory: 'notes' },
    ...{ proposed: proposalFor(plan, trial, action), stage: identify(stageOfAction(plan, action)) },
    ...changes,
  };
}
const call = (changes: Partial<LlmCall>): LlmCall => ({
  ...{ purpose: 'objects', promptSha256: 'a'.repeat(64), answer: '{}', fault: null, seconds: 1 },
  ...{ promptTokens: 1000, completionTokens: 100 },
  ...changes,
});

const found = (
  decisions: readonly DecisionRecord[],
  more: Partial<StoredExploration> = {},
): StoredExploration => ({
  pointer: { explorationId: plan.explorationId, workflowId: 'explore/sample', startedAt: 'x' },
  ...{ plan, rows, decisions, interventions: [], finals: [], result: null, scales: [], ended: null },
  ...more,
});
const shown = (decisions: readonly DecisionRecord[], trial: number) => {
  const view = trialView(found(decisions), trial);
  assert.ok(view);
  return view;
};

describe('a trial’s view', () => {
  it('says who chose it, from which places, what it saw, and what that cost', () => {
    const positions = [
      { of: 'actionType', position: 1, options: 2 },
      { of: 'models', position: 0, options: 3 },
      { of: 'models', position: 2, options: 3 },
      { of: 'method', position: 1, options: 2 },
      { of: 'lambda', position: -1, options: 5 },
    ];
    const calls = [call({ fault: 'repeat: t0001 was the same', usd: 0.5 }), call({})];
    const record = decisionOf(merged, { positions, calls, inFlight: [second.stageId], nudge: 'be bold' });
    const { why } = shown([record], 3);
    assert.ok(why);
    assert.deepEqual(
      why.choices.map(({ of, value, position, options }) => [of, value, position, options]),
      [
        ['actionType', 'merge', 2, 2],
        ['models', 't0001', 1, 3],
        ['models', 't0002', 3, 3],
        ['method', 'linear', 2, 2],
      ],
    );
    assert.deepEqual([why.how, why.nudge, why.memory], ['chosen', 'be bold', 'notes']);
    assert.deepEqual(why.saw, { ledgerRows: 3, inFlight: [`t0002 ${second.label}`] });
    // The first call's price is as booked, the second's that of the plan: 1,000 at 1 and 100 at 10 a million.
    assert.deepEqual([why.llmTokens, why.usd], [2200, 0.502]);
  });

  it('tells explorations and fallbacks apart', () => {
    assert.equal(shown([decisionOf(first, { explored: true })], 1).why?.how, 'exploration');
    assert.equal(shown([decisionOf(first, { fallback: true })], 1).why?.how, 'fallback');
    assert.deepEqual([shown([], 0).why, shown([], 0).origin], [null, 'baseline: the untouched base']);
  });

  it('shows the recipe from the base, each step once and parents first, and what is unlike the parent', () => {
    const view = shown([], 3);
    assert.deepEqual(
      view.recipe.map(({ model, action, parents }) => [model, action, parents.join('+')]),
      [
        ['base', null, ''],
        ['t0001', 'sft', 'base'],
        ['t0002', 'sft', 't0001'],
        ['t0003', 'merge', 't0001+t0002'],
      ],
    );
    assert.equal(view.differenceToParent, null);
    assert.deepEqual(shown([], 2).differenceToParent, {
      parent: 't0001',
      changes: [
        { of: 'datasets', from: 'alpha', to: 'beta' },
        { of: 'learningRate', from: '0.0001', to: '0.0003' },
      ],
    });
    assert.equal(shown([], 1).differenceToParent, null);
  });

  it('sets every score and the objective beside the base, with intervals, and says how a constraint stands', () => {
    const view = shown([], 2);
    const guard = view.scores.find(({ benchmark }) => benchmark === 'guard');
    const [own = 0, of = 0] = [second, base].map((row) => row.scores['guard']?.score);
    assert.ok(guard?.difference && guard.constraint);
    const half = 1.96 * Math.hypot(0.03, 0.03);
    for (const [got, expected] of [
      [guard.difference.value, own - of],
      [guard.difference.low, own - of - half],
      [guard.constraint.limit ?? 0, of - 0.02],
      [guard.constraint.margin ?? 0, own - of + 0.02],
    ] as const)
      assert.ok(Math.abs(got - expected) < 1e-12, `${String(got)} ${String(expected)}`);
    assert.equal(guard.constraint.met, second.feasible);
    assert.ok(view.objective?.againstBase);
    assert.deepEqual(
      view.objective.againstParents.map(({ parent }) => parent),
      ['t0001'],
    );
    assert.equal(shown([], 0).objective?.againstBase, null);
  });

  it('of a trial that has no row yet says that it runs; once the exploration ended, that it was never booked', () => {
    const action = sft(merged.stageId, 'alpha', 3e-4);
    const record = decisionOf({ ...rowOf(4, action) });
    const view = shown([record], 4);
    assert.deepEqual([view.status, view.objective, view.scores], ['running', null, []]);
    assert.equal(view.recipe.at(-1)?.model, 't0004');
    const ended = found([record], { ended: { state: 'stopped', reason: 'x' } });
    assert.equal(trialView(ended, 4)?.status, 'unbooked');
  });

  it('is found by the names people write, and only for trials that are there', () => {
    assert.deepEqual(['t0007', 't7', '7', '0007', 'T12'].map(trialNumber), [7, 7, 7, 7, 12]);
    assert.deepEqual(['', 't', 'base', 't1x', '-1', '1.5'].map(trialNumber), [
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
    assert.equal(trialView(found([]), 9), null);
    assert.deepEqual(trialNames(found([decisionOf(rowOf(4, sft(base.stageId, 'beta', 1e-4)))])), [
      ...['t0000', 't0001', 't0002', 't0003', 't0004'],
    ]);
  });
});

describe('how the search decided', () => {
  it('counts choices, explorations, fallbacks, refused answers, tokens and $ by policy', () => {
    const calls = [
      call({ fault: 'schema: models: x' }),
      call({ fault: 'schema: y' }),
      call({ fault: 'repeat: z' }),
    ];
    const { policies, bias } = searchOf(
      found([
        decisionOf(first, { explored: true }),
        decisionOf(second, { fallback: true, calls }),
        decisionOf(merged, {
          calls: [call({})],
          nudge: 'n',
          positions: [{ of: 'models', position: 0, options: 4 }],
        }),
        decisionOf(merged, { policy: 'random', decision: 3 }),
      ]),
    );
    assert.deepEqual(policies, [
      {
        ...{ policy: 'agent', decisions: 3, chosen: 1, explorations: 1, fallbacks: 1, nudged: 1 },
        ...{ calls: 4, refused: { schema: 2, repeat: 1 }, llmTokens: 4400, usd: 0.008 },
      },
      {
        ...{ policy: 'random', decisions: 1, chosen: 1, explorations: 0, fallbacks: 0, nudged: 0 },
        ...{ calls: 0, refused: {}, llmTokens: 0, usd: 0 },
      },
    ]);
    assert.equal(bias?.choices, 1);
  });
});
