import assert from 'node:assert/strict';
import { lastLlmTurn, LLM_SHARE, mayAskLlm } from './llmTurns.js';

const turns = (decisions: number): readonly number[] =>
  Array.from({ length: decisions }, (_, decision) => decision).filter((one) => mayAskLlm('hybrid', one));

describe('the turns of the LLM', () => {
  it('are never more than 30 % of the decisions so far, and as many as that allows', () => {
    for (let decisions = 0; decisions <= 500; decisions += 1) {
      const taken = turns(decisions).length;
      assert.ok(taken <= LLM_SHARE * decisions + 1e-9, String(decisions));
      assert.ok(taken + 1 > LLM_SHARE * decisions - 1e-9, String(decisions));
    }
    assert.deepEqual(turns(20), [3, 6, 9, 13, 16, 19]);
  });

  it('are all decisions of the agent and none of the others', () => {
    assert.equal(mayAskLlm('agent', 0), true);
    for (const policy of ['random', 'evolution', 'tpe'] as const) assert.equal(mayAskLlm(policy, 3), false);
  });

  it('remember the turn before, whose record holds the memory', () => {
    assert.deepEqual(
      [3, 4, 9, 13].map((decision) => lastLlmTurn('hybrid', decision)),
      [-1, 3, 6, 9],
    );
    assert.equal(lastLlmTurn('agent', 7), 6);
    assert.equal(lastLlmTurn('tpe', 7), -1);
  });
});
