import assert from 'node:assert/strict';
import { isShallow } from './nesting.js';

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
}

describe('nesting', () => {
  it('counts lists and mappings in each other, and nothing beside each other', () => {
    assert.ok(isShallow('text'));
    assert.ok(isShallow(nested(3), 3));
    assert.ok(!isShallow(nested(4), 3));
    assert.ok(isShallow({ many: Array.from({ length: 500 }, () => ({ shallow: [1] })) }, 4));
  });

  it('judges what would overflow the stack of a walk that recurses', () => {
    assert.ok(!isShallow(nested(200_000)));
  });
});
