import assert from 'node:assert/strict';
import { textsOfRow } from './texts.js';

describe('the texts of a training row', () => {
  it('are prompt and answer of a labelled one', () => {
    const texts = textsOfRow({ prompt: 'Say 1.', completion: 'one', label: false });
    assert.deepEqual(texts, { turns: ['Say 1.', 'one'], answers: ['one'] });
  });

  it('are prompt and right answers of a verifiable one', () => {
    const texts = textsOfRow({ prompt: [{ role: 'user', content: 'Say 1.' }], answers: ['1', 'one'] });
    assert.deepEqual(texts, { turns: ['Say 1.', '1', 'one'], answers: ['1', 'one'] });
    const calls = textsOfRow({ prompt: 'Add.', ground_truth: [{ add: { a: [1], b: [2] } }] });
    assert.equal(calls.answers[0], 'add(a=1, b=2)');
  });
});
