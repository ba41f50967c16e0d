import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { lanesOf, type Span } from './lanes.js';

const span = (worker: string, start: number, end: number): Span => ({ worker, start, end });

describe('lanes of a timeline', () => {
  it('are one a worker, in the order in which they began', () => {
    const lanes = lanesOf([span('b', 5, 6), span('a', 1, 2), span('b', 0, 1)], 4);
    assert.deepEqual(
      lanes.map(({ workers }) => workers),
      [['b'], ['a']],
    );
    assert.deepEqual(
      lanes[0]?.spans.map(({ start }) => start),
      [0, 5],
    );
  });

  it('are shared by workers that were not there at once, when there are too many', () => {
    const lanes = lanesOf([span('a', 0, 2), span('b', 1, 3), span('c', 2, 4), span('d', 3, 5)], 2);
    assert.deepEqual(
      lanes.map(({ workers }) => workers),
      [
        ['a', 'c'],
        ['b', 'd'],
      ],
    );
  });

  it('never show two workers at one place, lose nothing, and are no more than workers are at once', () => {
    const worker = fc.record({
      start: fc.integer({ min: 0, max: 50 }),
      length: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(worker, { minLength: 1, maxLength: 30 }), (workers) => {
        const spans = workers.map(({ start, length }, index) =>
          span(`w${String(index)}`, start, start + length),
        );
        const lanes = lanesOf(spans, 1);
        for (const lane of lanes)
          lane.spans.forEach((one, index) => {
            const next = lane.spans[index + 1];
            assert.ok(next === undefined || one.end <= next.start);
          });
        assert.equal(lanes.flatMap((lane) => lane.spans).length, spans.length);
        const atOnce = spans.map(
          ({ start }) => spans.filter((one) => one.start <= start && start < one.end).length,
        );
        assert.equal(lanes.length, Math.max(...atOnce));
      }),
    );
  });
});
