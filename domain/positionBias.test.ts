import assert from 'node:assert/strict';
import type { ChoicePosition } from './decision.js';
import { positionBias } from './positionBias.js';
import { randomOf } from './random.js';

const chosen = (of: string, options: number, ...places: readonly number[]): readonly ChoicePosition[] =>
  places.map((position) => ({ of, position, options }));
const decisions = (all: readonly (readonly ChoicePosition[])[]) => all.map((positions) => ({ positions }));

describe('position bias', () => {
  it('is Pearson’s statistic over the places, by hand', () => {
    // 20 choices of 2: 14 first and 6 last; (14-10)²/10 + (6-10)²/10 = 3.2.
    const places = Array.from({ length: 20 }, (_, index) => chosen('actionType', 2, index < 14 ? 0 : 1));
    const found = positionBias(decisions(places));
    assert.ok(found);
    assert.ok(Math.abs(found.statistic - 3.2) < 1e-12);
    assert.deepEqual([found.freedom, found.choices, found.smallestCell], [1, 20, 10]);
    assert.ok(Math.abs(found.p - 0.0736) < 1e-4);
    assert.deepEqual(found.first, { observed: 0.7, expected: 0.5 });
    assert.deepEqual(found.last, { observed: 0.3, expected: 0.5 });
  });

  it('adds up lists of different lengths, and leaves out what was no choice', () => {
    const found = positionBias(
      decisions([
        [...chosen('models', 3, 0), ...chosen('datasets', 2, 1), ...chosen('tuning', 1, 0)],
        [...chosen('models', 3, 2), ...chosen('datasets', 2, 0, 1), ...chosen('steps', 4, -1)],
      ]),
    );
    assert.ok(found);
    assert.deepEqual([found.choices, found.questions, found.freedom], [3, 3, 3]);
    assert.equal(positionBias(decisions([chosen('tuning', 1, 0)])), null);
    assert.equal(positionBias([]), null);
  });

  it('is seen in a model that always takes the first option, and not in one that draws', () => {
    const first = positionBias(decisions(Array.from({ length: 30 }, () => chosen('models', 6, 0))));
    assert.ok(first && first.p < 1e-9 && first.drawnP < 0.001);
    const fair = Array.from({ length: 40 }, (_, model) => {
      const random = randomOf('fair', model);
      return positionBias(
        decisions(Array.from({ length: 60 }, () => chosen('models', 6, random.integer(6)))),
      );
    });
    const called = fair.filter((one) => (one?.p ?? 0) <= 0.05).length;
    assert.ok(called <= 6, String(called));
  });

  it('keeps its level for several choices from one list, by drawing: about 5 % of fair models are called biased', () => {
    const random = randomOf('level');
    let called = 0;
    for (let model = 0; model < 200; model += 1) {
      const asked = Array.from({ length: 12 }, () => {
        const [one = 0, two = 0] = random.shuffle([0, 1, 2, 3]);
        return chosen('models', 4, one, two);
      });
      if ((positionBias(decisions(asked))?.drawnP ?? 1) <= 0.05) called += 1;
    }
    assert.ok(called >= 2 && called <= 20, String(called));
  });
});
