import assert from 'node:assert/strict';
import fc from 'fast-check';
import { editDistance, nearest } from './nearest.js';

describe('the nearest name', () => {
  it('mends slips of the keyboard and other spellings', () => {
    const names = ['learningRate', 'steps', 'batchSize', 'scheduler'];
    assert.equal(nearest('learning_rate', names), 'learningRate');
    assert.equal(nearest('step', names), 'steps');
    assert.equal(nearest('BATCHSIZE', names), 'batchSize');
    assert.equal(nearest('shceduler', names), 'scheduler');
  });

  it('is none when nothing is near', () => {
    assert.equal(nearest('temperature', ['steps', 'beta']), null);
    assert.equal(nearest('anything', []), null);
  });
});

describe('the edit distance', () => {
  it('counts insertions, deletions and substitutions', () => {
    assert.equal(editDistance('kitten', 'sitting'), 3);
    assert.equal(editDistance('', 'abc'), 3);
  });

  it('is symmetric, and 0 only for equal words', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.equal(editDistance(a, b) === 0, a === b);
      }),
    );
  });
});
