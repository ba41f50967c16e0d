import assert from 'node:assert/strict';
import { estimateOf, reservedGpuSeconds, withCost } from './costs.js';
import { beginExploration, rowOf, spentOf, withRow, withStarted, type Exploration } from './exploration.js';
import { withPlateau, NO_PLATEAU } from './plateau.js';
import { sampleAttempt, samplePlan, sampleProposal, sampleResult, sampleStageId } from './samples.js';
import { firstReason, stopRulesOf, type StopRule } from './stopRules.js';
import type { Plan } from './plan.js';
import type { Action, TrialRecord } from './trial.js';

const START = '2026-01-01T00:00:00.000Z';
const SFT: Action = { kind: 'sft', models: [], datasets: [], parameters: {} };

/** A search with the base scored, and trial 2, an SFT that took 3 s, booked. */
function searching(changes: Partial<Plan>): Exploration {
  let state = beginExploration(samplePlan({ parallel: 4, ...changes }), [], START);
  for (const trial of [0, 2]) {
    const proposed = {
      ...sampleProposal(trial, trial === 0 ? 'base' : 'policy'),
      action: trial === 0 ? null : SFT,
    };
    state = withStarted(state, { proposed, workflowId: 'w', restarts: 0 });
    const row = rowOf(state, sampleResult(trial, 0.5));
    if (row === null) throw new Error('row: expected one');
    state = withRow(state, row);
  }
  return state;
}
const flying = (state: Exploration, trial: number, kind: Action['kind'] = 'sft'): Exploration =>
  withStarted(state, {
    proposed: { ...sampleProposal(trial, 'policy'), action: { ...SFT, kind } },
    ...{ workflowId: 'w', restarts: 0 },
  });
const why = (state: Exploration): string | null => firstReason(stopRulesOf(state.plan), state, START);
const budget = (changes: Partial<Plan['budget']>): Partial<Plan> => ({
  budget: { trials: 9, gpuSeconds: null, wallClockSeconds: null, ...changes },
});

describe('a budget in USD with GPUs that have a price', () => {
  const workers = {
    classes: [{ name: 'large', memoryBytes: 80e9, pricePerHour: 3600 }],
    actions: {},
  };
  const paidBy = (gpuClass: string | null) => (state: Exploration, trial: number) => {
    const attempts = [sampleAttempt({ gpuClass, gpuSeconds: 2, lostGpuSeconds: 0 })];
    const stage = {
      stageId: sampleStageId(trial),
      kind: 'sft',
      reused: false,
      gpuSeconds: 2,
      lostGpuSeconds: 0,
      attempts,
    };
    const row = rowOf(flying(state, trial), { ...sampleResult(trial, 0.5), stages: [stage] });
    if (row === null) throw new Error('row: expected one');
    return withRow(flying(state, trial), row);
  };

  it('counts what attempts cost on their class, reserves for trials in flight, and ends the search', () => {
    let state = searching({ ...budget({ usd: 9 }), workers });
    assert.equal(state.spend.gpuUsd, undefined, 'attempts without a class cost nothing known');
    state = paidBy('large')(state, 3);
    assert.equal(state.spend.gpuUsd, 2);
    assert.equal(spentOf(state, START).usd, 2);
    assert.equal(why(state), null);
    state = paidBy('large')(paidBy('large')(state, 4), 5);
    assert.equal(state.spend.gpuUsd, 6);
    const rate = 6 / state.spend.gpuSeconds;
    assert.equal(why(state), null, 'one more trial fits');
    const flight = flying(flying(flying(state, 6), 7), 8);
    const reserved = (rate * reservedGpuSeconds(flight)).toFixed(4);
    assert.equal(why(flight), `budget: $9 ($6.0000 spent, $${reserved} reserved for trials in flight)`);
  });

  it('takes the dearest class before anything was measured on one', () => {
    const state = searching({ ...budget({ usd: 2 }), workers });
    assert.match(
      why(state) ?? '',
      /^budget: \$2 \(\$0\.0000 spent\)/,
      'the next trial takes 3 s, at $1 each',
    );
  });

  it('is the LLM’s alone where no class has a price', () => {
    const state = paidBy('large')(searching(budget({ usd: 1 })), 3);
    assert.equal(state.spend.gpuUsd, undefined);
    assert.equal(why(state), null);
  });
});

describe('the rules that end a search', () => {
  it('are tried in order: the first reason counts', () => {
    const rule =
      (reason: string | null): StopRule =>
      () =>
        reason;
    const state = searching({});
    assert.equal(firstReason([rule(null), rule('a'), rule('b')], state, START), 'a');
    assert.equal(firstReason([rule(null)], state, START), null);
  });

  it('reserve GPU-seconds for trials in flight and for the next one, and give them back when they settle', () => {
    const state = searching(budget({ gpuSeconds: 16 }));
    assert.equal(state.spend.gpuSeconds, 6);
    assert.equal(reservedGpuSeconds(state), 0);
    assert.equal(why(state), null);
    const two = flying(flying(state, 3), 4, 'merge');
    assert.equal(reservedGpuSeconds(two), 6, 'a merge was never measured: as other trials took');
    assert.equal(why(flying(state, 3)), null);
    assert.equal(why(two) ?? '', '', '6 spent + 6 reserved + 3 for the next are 15');
    assert.match(why(flying(two, 5)) ?? '', /^budget: 16 GPU-seconds \(6.0 spent, 9.0 reserved.*about 3.0\)/);
    const row = rowOf(flying(two, 5), { ...sampleResult(5, 0.5), stages: [] });
    if (row === null) throw new Error('row: expected one');
    assert.equal(why(withRow(flying(two, 5), row)), null, 'it cost nothing, so what was reserved is free');
  });

  it('take what the user states until a trial of the type was measured', () => {
    assert.equal(estimateOf({}, null, 'sft'), null);
    assert.equal(estimateOf({}, 50, 'sft'), 50);
    const costs = { sft: { trials: 2, gpuSeconds: 6 } };
    assert.deepEqual(
      [estimateOf(costs, 50, 'sft'), estimateOf(costs, 50, 'merge'), estimateOf(costs, null, 'merge')],
      [3, 50, 3],
    );
  });

  it('learn nothing from a trial whose model was reused, and count lost attempts', () => {
    const row = {
      ...sampleResult(2, 0.5),
      ...sampleProposal(2, 'policy'),
      action: SFT,
    } as unknown as TrialRecord;
    assert.deepEqual(withCost({}, row), { sft: { trials: 1, gpuSeconds: 3 } });
    const reused = row.stages.map((stage) => ({ ...stage, reused: true }));
    assert.deepEqual(withCost({}, { ...row, stages: reused }), {});
  });

  it('end by tokens and dollars before the decision that would pass them', () => {
    const spending = (changes: Partial<Exploration['spend']>, limits: Partial<Plan['budget']>) => {
      const state = searching(budget(limits));
      return why({ ...state, nextDecision: 4, spend: { ...state.spend, ...changes } });
    };
    assert.equal(spending({ llmTokens: 400 }, { llmTokens: 500 }), null);
    assert.match(
      spending({ llmTokens: 401 }, { llmTokens: 500 }) ?? '',
      /^budget: 500 LLM tokens \(401 spent\)/,
    );
    assert.equal(spending({ usd: 0.4 }, { usd: 0.5 }), null);
    assert.match(spending({ usd: 0.44 }, { usd: 0.5 }) ?? '', /^budget: \$0.5 \(\$0.4400 spent\)/);
    assert.equal(spending({}, { usd: 0.5 }), null, 'where no price is known nothing is spent');
  });

  it('end when the target is reached by a feasible trial only', () => {
    const stop = { plateau: null, target: 0.5 };
    assert.match(why(searching({ ...budget({}), stop })) ?? '', /^target: 0.5 reached, with 0.5000/);
    const state = searching({ ...budget({}), stop });
    assert.equal(why({ ...state, top: state.top.map((row) => ({ ...row, feasible: false })) }), null);
    const onShare = state.top.map((row) => ({ ...row, fidelity: 0.25 }));
    assert.equal(why({ ...state, top: onShare }), null, 'a share of the data shows nothing yet');
  });

  it('end at a plateau: small steps add up, failures count, what came before the search does not', () => {
    const row = (score: number | null, origin: TrialRecord['origin'] = 'policy') =>
      ({ origin, score, feasible: score !== null }) as TrialRecord;
    const after = (...rows: readonly TrialRecord[]) =>
      rows.reduce((now, one) => withPlateau(now, one, 0.02), NO_PLATEAU);
    assert.deepEqual(after(row(0.5, 'base'), row(0.4, 'inherited')), { best: 0.5, trials: 0 });
    assert.deepEqual(after(row(0.5, 'base'), row(0.51), row(null)), { best: 0.5, trials: 2 });
    assert.deepEqual(after(row(0.5, 'base'), row(0.51), row(0.53)), { best: 0.53, trials: 0 });
    assert.equal(withPlateau({ best: 0.5, trials: 3 }, row(0.5), 0).trials, 4, 'the same again is no gain');
    const onShare = { ...row(0.9), fidelity: 0.25 };
    assert.deepEqual(after(row(0.5, 'base'), onShare, row(0.4, 'promotion')), { best: 0.5, trials: 1 });
  });
});
