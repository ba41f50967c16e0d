import assert from 'node:assert/strict';
import { anchorsOf } from './gradient.js';

describe('a parameter by layer', () => {
  it('is read as its anchors, whatever part of the model they are for', () => {
    assert.deepEqual(anchorsOf('0.5'), [0.5]);
    assert.deepEqual(anchorsOf('0, 0.25 , -1'), [0, 0.25, -1]);
    assert.deepEqual(anchorsOf('mlp: 0, 1; self_attn: 1e-3, 0; 0.5'), [0, 1, 0.001, 0, 0.5]);
  });

  it('is nothing else', () => {
    const others = [
      '',
      'a',
      '1,',
      ',1',
      'mlp: 1',
      '1; 2',
      'mlp: 1; 2; self: 3',
      ': 1; 2',
      'mlp 1; 2',
      'inf',
      '0x1',
    ];
    for (const text of others) assert.equal(anchorsOf(text), null, text);
  });
});
