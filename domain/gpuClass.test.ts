import assert from 'node:assert/strict';
import { classesFor, sortedClasses, usdOfAttempts, type GpuFleet } from './gpuClass.js';
import { sampleAttempt } from './samples.js';

const of = (name: string, gigabytes: number, pricePerHour: number | null = null) => {
  return { name, memoryBytes: gigabytes * 1e9, pricePerHour };
};
const fleet = (actions: GpuFleet['actions'] = {}): GpuFleet => ({
  classes: [of('small', 24), of('middle', 40), of('large', 80)],
  actions,
});
const names = (floor: number, about: number, actions: GpuFleet['actions'] = {}): string =>
  classesFor(fleet(actions), 'sft', { floor: floor * 1e9, about: about * 1e9 })
    .map(({ name }) => name)
    .join(' ');

describe('the classes a stage is tried on', () => {
  it('begin with the smallest that the forecast fits, and go on to the larger ones', () => {
    assert.equal(names(1, 2), 'small middle large');
    assert.equal(names(1, 24), 'small middle large');
    assert.equal(names(1, 25), 'middle large');
    assert.equal(names(1, 41), 'large');
  });

  it('begin with the largest when the forecast fits none, since it is only a forecast', () => {
    assert.equal(names(30, 500), 'large');
  });

  it('leave out those below the floor, whatever the spec says', () => {
    assert.equal(names(30, 30, { sft: 'small' }), 'middle large');
  });

  it('begin where the spec says, larger or smaller than the forecast', () => {
    assert.equal(names(1, 2, { sft: 'large' }), 'large');
    assert.equal(names(1, 79, { sft: 'small' }), 'small middle large');
    assert.equal(names(1, 2, { dpo: 'large' }), 'small middle large');
  });

  it('are the largest alone when not even its memory holds the floor: its worker says so at no cost', () => {
    assert.equal(names(100, 100), 'large');
    assert.equal(names(100, 100, { sft: 'small' }), 'large');
  });

  it('do not try twins of one size one after the other', () => {
    const twins: GpuFleet = {
      classes: [of('a', 80, 2), of('b', 80, 3), of('c', 90)],
      actions: { merge: 'b' },
    };
    const tried = (kind: 'sft' | 'merge') =>
      classesFor(twins, kind, { floor: 0, about: 0 }).map(({ name }) => name);
    assert.deepEqual(tried('sft'), ['a', 'c']);
    assert.deepEqual(tried('merge'), ['b', 'c']);
  });

  it('are sorted by memory, price and name', () => {
    const sorted = sortedClasses([
      of('d', 80),
      of('c', 80, 3),
      of('b', 80, 3),
      of('a', 90, 1),
      of('e', 24, 9),
    ]);
    assert.deepEqual(
      sorted.map(({ name }) => name),
      ['e', 'b', 'c', 'd', 'a'],
    );
  });
});

describe('what attempts cost', () => {
  const priced: GpuFleet = {
    classes: [of('small', 24, 0.36), of('free', 40), of('large', 80, 3.6)],
    actions: {},
  };

  it('is each one on its own class, and nothing known without a price', () => {
    const attempts = [
      sampleAttempt({ gpuClass: 'small', gpuSeconds: 100 }),
      sampleAttempt({ gpuClass: 'large', gpuSeconds: 50 }),
      sampleAttempt({ gpuClass: 'free', gpuSeconds: 1000 }),
      sampleAttempt({ gpuSeconds: 1000 }),
    ];
    assert.ok(Math.abs((usdOfAttempts(priced, attempts) ?? 0) - 0.06) < 1e-12);
    assert.equal(usdOfAttempts(priced, attempts.slice(2)), null);
    assert.equal(usdOfAttempts(undefined, attempts), null);
  });
});
