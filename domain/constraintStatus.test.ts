import assert from 'node:assert/strict';
import { constraintStatuses } from './constraintStatus.js';
import { samplePlan } from './samples.js';

const scores = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, score]) => [
      name,
      { stageId: '', score, standardError: 0, items: 10 },
    ]),
  );
const plan = samplePlan({
  constraints: [
    { benchmark: 'skill', relativeToBase: false, bound: 0.2 },
    { benchmark: 'guard', relativeToBase: true, bound: -0.02 },
  ],
});
const rounded = (value: number | null) => (value === null ? null : Number(value.toFixed(6)));

describe('the status of constraints', () => {
  it('says by how much each is met or missed, the worst first', () => {
    const found = constraintStatuses(plan, scores({ skill: 0.5, guard: 0.7 }), scores({ guard: 0.8 }));
    assert.deepEqual(
      found.map(({ constraint, limit, margin, met }) => [
        constraint.benchmark,
        rounded(limit),
        rounded(margin),
        met,
      ]),
      [
        ['guard', 0.78, -0.08, false],
        ['skill', 0.2, 0.3, true],
      ],
    );
  });

  it('is not met where the score, or the base’s, is missing', () => {
    const [first] = constraintStatuses(plan, scores({ skill: 0.5 }), scores({ guard: 0.8 }));
    assert.deepEqual([first?.constraint.benchmark, first?.margin, first?.met], ['guard', null, false]);
    const [second] = constraintStatuses(plan, scores({ skill: 0.5, guard: 0.9 }), {});
    assert.deepEqual([second?.limit, second?.met], [null, false]);
  });
});
