import assert from 'node:assert/strict';
import { ancestorsOf, cycleAt, derivationOrder } from './derivations.js';

describe('datasets that are made from others', () => {
  const derivations = new Map([
    ['last', ['first', 'middle']],
    ['middle', ['first', 'given']],
    ['first', ['given']],
  ]);

  it('are made after what they are made from', () => {
    assert.deepEqual(derivationOrder(derivations), ['first', 'middle', 'last']);
    assert.deepEqual([...ancestorsOf(derivations, 'last')].sort(), ['first', 'given', 'middle']);
  });

  it('may not be made from themselves: the way round is named, and what hangs on it is left out', () => {
    const round = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a']],
      ['d', ['c']],
      ['e', ['given']],
      ['f', ['f']],
    ]);
    assert.equal(cycleAt(round, 'a'), 'a → b → c → a');
    assert.equal(cycleAt(round, 'd'), null);
    assert.equal(cycleAt(round, 'f'), 'f → f');
    assert.deepEqual(derivationOrder(round), ['e']);
  });
});
