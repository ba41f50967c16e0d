import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  beginExploration,
  bookedUsd,
  endOfSearch,
  mayStart,
  rowOf,
  withDecision,
  withRow,
  withStarted,
  type Exploration,
} from './exploration.js';
import { samplePlan, sampleProposal, sampleResult } from './samples.js';

const START = '2026-01-01T00:00:00.000Z';

function begun(parallel = 1): Exploration {
  return beginExploration(
    samplePlan({ parallel }),
    [sampleProposal(0, 'base'), sampleProposal(1, 'allData')],
    START,
  );
}

function started(state: Exploration, trial: number): Exploration {
  const proposed = sampleProposal(trial, trial === 0 ? 'base' : 'policy');
  return withStarted(state, { proposed, workflowId: `w${String(trial)}`, restarts: 0 });
}

function ended(state: Exploration, trial: number, score = 0.5): Exploration {
  const row = rowOf(state, sampleResult(trial, score));
  assert.ok(row);
  return withRow(state, row);
}

describe('an exploration', () => {
  it('scores the base alone before anything else starts', () => {
    const state = started(begun(4), 0);
    assert.equal(mayStart(state), false);
    assert.equal(mayStart(ended(state, 0)), true);
  });

  it('keeps at most `parallel` trials in flight', () => {
    let state = ended(started(begun(2), 0), 0);
    state = started(state, 1);
    assert.equal(mayStart(state), true);
    assert.equal(mayStart(started(state, 2)), false);
  });

  it('ignores a report of a trial that is not in flight, or reported before', () => {
    const state = started(begun(), 0);
    assert.equal(rowOf(state, sampleResult(7, 0.5)), null);
    assert.equal(rowOf(ended(state, 0), sampleResult(0, 0.5)), null);
  });

  it('ends by budget of trials, GPU-seconds and wall clock, by request, or when nothing is left to try', () => {
    const state = begun();
    assert.equal(endOfSearch(state, START), null);
    assert.match(endOfSearch({ ...state, policyTrials: 3 }, START) ?? '', /3 trials/);
    const costly = { ...state, spend: { ...state.spend, gpuSeconds: 1000 } };
    assert.match(endOfSearch(costly, START) ?? '', /GPU-seconds/);
    assert.match(endOfSearch(state, '2026-01-02T00:00:00.000Z') ?? '', /wall clock/);
    assert.match(endOfSearch({ ...state, exhausted: true }, START) ?? '', /legal action/);
    assert.equal(endOfSearch({ ...state, stopReason: 'stopped: enough' }, START), 'stopped: enough');
  });

  it('numbers rows without gaps and ranks feasible rows first, whatever the order of the ends', () => {
    const order = fc.shuffledSubarray([2, 3, 4, 5, 6, 7], { minLength: 6 });
    fc.assert(
      fc.property(
        order,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
        (trials, scores) => {
          let state = ended(started(begun(9), 0), 0);
          for (const trial of trials)
            state = started(
              withDecision(state, {
                llmTokens: 1,
                fallback: false,
                proposed: sampleProposal(trial, 'policy'),
              }),
              trial,
            );
          trials.forEach((trial, index) => {
            const row = rowOf(state, sampleResult(trial, scores[index] ?? 0));
            assert.equal(row?.sequence, index + 1);
            state = withRow(state, row);
          });
          assert.equal(state.ledgerRows, 7);
          assert.equal(state.inFlight.length, 0);
          const feasible = state.top.filter((row) => row.feasible).map((row) => row.score);
          assert.deepEqual(
            feasible,
            [...feasible].sort((a, b) => b - a),
          );
          assert.equal(
            state.top.findIndex((row) => !row.feasible) === -1 || state.top.at(-1)?.feasible === false,
            true,
          );
        },
      ),
    );
  });

  it('adds up what decisions cost in tokens and $; a price that is not known makes the sum unknown', () => {
    const decided = { llmTokens: 100, usd: 0.25, fallback: false, proposed: sampleProposal(2, 'policy') };
    const twice = withDecision(withDecision(begun(), decided), decided);
    assert.deepEqual([twice.spend.llmTokens, twice.spend.usd], [200, 0.5]);
    assert.equal(withDecision(twice, { ...decided, usd: null }).spend.usd, null);
  });

  it('goes on from what 0.1 carried over: tokens without a price are unknown $, no tokens are $ 0', () => {
    const { usd: _, ...spend } = begun().spend;
    const old = { ...begun(), spend };
    const decided = { llmTokens: 9, fallback: false, proposed: sampleProposal(2, 'policy') };
    assert.equal(withDecision(old, { ...decided, usd: 0.25 }).spend.usd, 0.25);
    const unpriced = withDecision(old, decided);
    assert.equal(unpriced.spend.usd, null);
    assert.equal(bookedUsd({ llmTokens: 9 }), null);
  });

  it('adds up what was paid, lost and saved', () => {
    const state = ended(started(begun(), 0), 0);
    assert.equal(state.spend.gpuSeconds, 3);
    assert.equal(state.spend.lostGpuSeconds, 1);
    assert.equal(state.spend.savedGpuSeconds, 7);
    assert.equal(state.spend.reusedStages, 1);
  });
});
