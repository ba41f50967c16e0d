import assert from 'node:assert/strict';
import { dominantKind } from './collapse.js';
import type { BuildKind } from './stage.js';

const kinds = (letters: string): readonly BuildKind[] =>
  [...letters].map((letter) => (letter === 's' ? 'sft' : letter === 'm' ? 'merge' : 'dpo'));

describe('mode collapse', () => {
  it('is one type in three quarters of the last eight choices', () => {
    assert.deepEqual(dominantKind(kinds('ssssssmm')), { kind: 'sft', times: 6, of: 8 });
    assert.equal(dominantKind(kinds('sssssmmm')), null);
    assert.deepEqual(dominantKind(kinds('mmm' + 'ssmsssss')), { kind: 'sft', times: 7, of: 8 });
    assert.equal(dominantKind(kinds('ssssssss' + 'mdmsmsds')), null);
  });

  it('needs four choices', () => {
    assert.equal(dominantKind(kinds('sss')), null);
    assert.deepEqual(dominantKind(kinds('ssss')), { kind: 'sft', times: 4, of: 4 });
    assert.equal(dominantKind([]), null);
  });
});
