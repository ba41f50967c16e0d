import assert from 'node:assert/strict';
import { chooseChampion, reasonOf } from './final.js';
import type { Confirmation, SplitScores } from './result.js';
import { verdictOf } from './verdict.js';

const scores = (trial: number, score: number, feasible = true): SplitScores => ({
  trial,
  score,
  feasible,
  scores: {},
  standardError: 0.02,
});

describe('the champion', () => {
  const base = scores(0, 0.4);

  it('is the best feasible finalist above the base', () => {
    const champion = chooseChampion(base, [scores(3, 0.5), scores(4, 0.6, false), scores(5, 0.55)]);
    assert.equal(champion?.trial, 5);
  });

  it('is the earlier trial of two equal ones', () => {
    assert.equal(chooseChampion(base, [scores(5, 0.5), scores(3, 0.5)])?.trial, 3);
  });

  it('is nobody when no finalist is feasible and above the base, and the reason says which', () => {
    assert.equal(chooseChampion(base, [scores(3, 0.4), scores(4, 0.9, false)]), null);
    assert.match(reasonOf(base, [scores(4, 0.9, false)], null), /no finalist meets the constraints/);
    assert.match(reasonOf(base, [scores(3, 0.39)], null), /above the base \(0.400\)/);
    assert.match(reasonOf(base, [], null), /there was no finalist/);
  });
});

describe('the verdict', () => {
  const confirmation = (champion: number): Confirmation => ({
    schemaVersion: 1,
    base: scores(0, 0.4),
    finalists: [],
    champion,
    difference: null,
    reason: '',
  });

  it('is "improved" only when the whole interval lies above 0', () => {
    assert.equal(verdictOf(confirmation(3), { value: 0.1, low: 0.01, high: 0.2 }), 'improved');
    assert.equal(verdictOf(confirmation(3), { value: 0.1, low: 0, high: 0.2 }), 'notShown');
    assert.equal(verdictOf(confirmation(0), { value: 0, low: 0, high: 0 }), 'baseKept');
  });
});
