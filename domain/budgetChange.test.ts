import assert from 'node:assert/strict';
import { budgetText, changedBudget, type BudgetChange } from './budgetChange.js';

const BUDGET = { trials: 20, gpuSeconds: 100, wallClockSeconds: null };
const SPENT = { trials: 12, gpuSeconds: 40.5, wallClockSeconds: 600, llmTokens: 900, usd: 0 };

describe('a change of the budget', () => {
  const after = (change: BudgetChange) => {
    const changed = changedBudget(BUDGET, change, SPENT);
    return 'fault' in changed ? changed.fault : changed.budget;
  };

  it('sets limits, moves them by steps, and lifts them', () => {
    assert.deepEqual(after({ trials: '+20' }), { ...BUDGET, trials: 40 });
    assert.deepEqual(after({ trials: '-8', gpuSeconds: null }), { ...BUDGET, trials: 12, gpuSeconds: null });
    assert.deepEqual(after({ trials: '40', wallClockSeconds: 3600 }), {
      ...BUDGET,
      trials: 40,
      wallClockSeconds: 3600,
    });
    assert.deepEqual(after({ llmTokens: 1000, gpuSeconds: 'none' }), {
      ...BUDGET,
      llmTokens: 1000,
      gpuSeconds: null,
    });
  });

  for (const [change, reason] of [
    [{ trials: 11 }, /trials: expected at least what is spent, 12, got 11/],
    [{ gpuSeconds: '-60' }, /gpuSeconds: expected at least what is spent, 40.5, got 40/],
    [{ wallClockSeconds: 599 }, /at least what is spent, 600, got 599/],
    [{ trials: null }, /trials: expected a number, got none/],
    [{ trials: 12.5 }, /a whole number from 0 on, got 12.5/],
    [{ trials: 2_000_000 }, /at most 1000000/],
    [{ usd: -1 }, /a number from 0 on, got -1/],
    [{ usd: Number.NaN }, /a number from 0 on, got NaN/],
    [{ usd: '+1' }, /expected a limit to change by \+1, got none so far/],
    [{ usd: 'lots' }, /a number, a step such as "\+20", or none, got "lots"/],
    [{}, /expected a change, got none/],
    [{ trials: 20 }, /expected a change, got what holds already/],
    [{ trails: 1 }, /expected trials, gpuSeconds, .*, got "trails"/],
  ] as const)
    it(`is refused: ${JSON.stringify(change)}`, () => {
      assert.match(String(after(change as BudgetChange)), reason);
    });

  it('is shown with what is spent', () => {
    assert.equal(
      budgetText(BUDGET, SPENT),
      '20 trials (12 spent), 100 GPU-seconds (40.5 spent), no limit on s of wall clock (600 spent), ' +
        'no limit on LLM tokens (900 spent), no limit on US dollars (0 spent)',
    );
  });
});
