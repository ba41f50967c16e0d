import assert from 'node:assert/strict';
import { goalTable, holds, type Goal } from './goals.js';

const share = (value: number): string => `${(100 * value).toFixed(0)} %`;
const goal = (changes: Partial<Goal>): Goal => ({
  ...{ what: 'efficiency', value: 0.93, bound: { atLeast: 0.9 }, text: share, cause: 'The disk is slow.' },
  ...changes,
});

describe('goals', () => {
  it('hold up to their bound, on the side that it says', () => {
    assert.ok(holds(goal({ value: 0.9 })));
    assert.ok(!holds(goal({ value: 0.89 })));
    assert.ok(holds(goal({ value: 1.2, bound: { atMost: 1.2 } })));
    assert.ok(!holds(goal({ value: 1.21, bound: { atMost: 1.2 } })));
  });

  it('are missed where there is no figure', () => {
    const text = goalTable([goal({ value: Number.NaN })]);
    assert.match(text, /\| efficiency \| none \| at least 90 % \| \*\*missed\*\* \|/);
  });

  it('stand beside their figures; only a missed one shows its cause', () => {
    const text = goalTable([goal({}), goal({ what: 'cost', value: 0.5 })]);
    assert.match(text, /\| efficiency \| 93 % \| at least 90 % \| holds \|/);
    assert.match(text, /\| cost \| 50 % \| at least 90 % \| \*\*missed\*\* \|/);
    assert.equal(text.split('The disk is slow.').length - 1, 1);
    assert.match(text, /- Missed: cost\. The disk is slow\.$/);
  });
});
