import assert from 'node:assert/strict';
import { isLongHistory, MOST_BYTES, MOST_EVENTS } from './longHistory.js';

describe('a long history', () => {
  it('is long before it reaches either limit, with room for what still comes in', () => {
    assert.ok(!isLongHistory({ historyLength: 100, historySize: 10_000 }));
    assert.ok(isLongHistory({ historyLength: MOST_EVENTS - 500, historySize: 10_000 }));
    assert.ok(isLongHistory({ historyLength: 100, historySize: MOST_BYTES - 2 ** 18 }));
  });
});
