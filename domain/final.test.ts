import assert from 'node:assert/strict';
import { chooseChampion, reasonOf } from './final.js';
import { sampleEvidence } from './auditSamples.js';
import type { Confirmation, ExplorationResult, SplitScores } from './result.js';
import { notShownLines, verdictOf, verdictText } from './verdict.js';

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

/** Evidence that the guard is shown, or falls short of its margin. */
const guard = (shown: boolean) => [sampleEvidence({ shown, lower: shown ? -0.01 : -0.045 })];

describe('a champion under constraints', () => {
  const base = scores(0, 0.4);
  const shown = { ...scores(3, 0.5), constraints: guard(true) };
  const better = { ...scores(4, 0.6), constraints: guard(false) };

  it('is one that shows them, before a better one that only meets them by the point estimate', () => {
    const champion = chooseChampion(base, [shown, better]);
    assert.equal(champion?.trial, 3);
    assert.match(
      reasonOf(base, [shown, better], champion),
      /t0003 is the best of 2 finalists .* that shows its constraints, preferred to t0004, which cannot show/,
    );
  });

  it('is the best that meets them where none shows them, and the reason names which, and by how much', () => {
    const champion = chooseChampion(base, [better, { ...shown, constraints: guard(false) }]);
    assert.equal(champion?.trial, 4);
    const reason = reasonOf(base, [better], champion);
    assert.match(reason, /no finalist above the base shows its constraints; t0004 is the best/);
    assert.match(reason, /not shown: guard: .* lower limit -0\.045 .* needed -0\.020: short by 0\.025/);
  });

  it('is never one that does not meet them, nor one below the base', () => {
    const infeasible = { ...scores(5, 0.9, false), constraints: guard(true) };
    const below = { ...scores(6, 0.3), constraints: guard(true) };
    assert.equal(chooseChampion(base, [infeasible, below]), null);
    assert.equal(chooseChampion(base, [infeasible, below, better])?.trial, 4);
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

  const ended = (constraints: ReturnType<typeof guard>, low: number): ExplorationResult => {
    const chosen = { ...scores(3, 0.5), constraints };
    const confirmed = { ...confirmation(3), finalists: [chosen] };
    const difference = { value: 0.1, low, high: 0.2 };
    const of = { value: 0.5, low: 0.4, high: 0.6 };
    return {
      ...{
        schemaVersion: 1,
        verdict: verdictOf(confirmed, difference),
        champion: 3,
        confirmation: confirmed,
      },
      test: { base: of, best: of, difference, baseScores: scores(0, 0.4), bestScores: chosen },
      ...{ stoppedBecause: 'budget', endedAt: '2026-01-01T00:00:00.000Z' },
    };
  };

  it('is not "improved" while a constraint is not shown, and says which and by how much', () => {
    const result = ended(guard(false), 0.01);
    assert.equal(result.verdict, 'constraintNotShown');
    assert.equal(verdictText(result), 't0003 gains over the base, but it is not shown to keep guard');
    assert.match(notShownLines(result).join(), /constraint not shown: guard: .* short by 0\.025$/);
    assert.match(
      verdictText(ended(guard(false), -0.01)),
      /^t0003 was chosen, but it is not shown to keep guard/,
    );
  });

  it('has a sentence for every end', () => {
    assert.equal(verdictText(ended(guard(true), 0.01)), 't0003 improves on the base');
    assert.match(verdictText(ended(guard(true), -0.01)), /a gain over the base is not shown/);
    assert.deepEqual(notShownLines(ended(guard(true), 0.01)), []);
    const kept = { ...ended([], 0), champion: 0, verdict: 'baseKept' } as const;
    assert.equal(verdictText(kept), 'no improvement found, the base is kept');
  });
});
