import assert from 'node:assert/strict';
import { missingScores, missingText } from './missing.js';

const score = (stageId: string, missing?: number) => ({
  ...{ stageId, score: 0.5, standardError: 0.1, items: 9 },
  ...(missing === undefined ? {} : { missing }),
});

describe('items without a score', () => {
  it('are counted by benchmark, and once for an evaluation that several trials name', () => {
    const results = [
      { scores: { talk: score('a', 2), skill: score('b') } },
      { scores: { talk: score('a', 2) } },
      { scores: { talk: score('c', 1), skill: score('d', 0) } },
    ];
    assert.deepEqual(missingScores(results), [{ benchmark: 'talk', items: 3, evaluations: 2 }]);
    assert.deepEqual(missingScores(results).map(missingText), [
      'talk: 3 items without a judgement in 2 evaluations, left out of its scores',
    ]);
  });

  it('are none where no score lacks any', () => {
    assert.deepEqual(missingScores([{ scores: { skill: score('b') } }, { scores: {} }]), []);
  });
});
