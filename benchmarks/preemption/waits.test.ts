import assert from 'node:assert/strict';
import { join } from 'node:path';
import { randomOf } from '../../domain/random.js';
import { withFolder } from '../../test/harness.js';
import { drawWait, readWaits, writeWaits } from './waits.js';

describe('measured waits', () => {
  it('are kept, and drawn from by the kind of loss', async () => {
    await withFolder((folder) => {
      const file = join(folder, 'waits.jsonl');
      assert.throws(() => readWaits(file), /expected the waits of bench:recovery, got none/);
      const waits = { SIGKILL: [12.345, 13], SIGTERM: [10] };
      writeWaits(waits, file);
      assert.deepEqual(readWaits(file), { SIGKILL: [12.35, 13], SIGTERM: [10] });
      const draw = drawWait(waits, 60);
      const drawn = Array.from({ length: 50 }, (_, seed) => draw(randomOf(seed), false));
      assert.deepEqual(new Set(drawn), new Set([72.345, 73]));
      assert.equal(draw(randomOf(1), true), 70);
      return Promise.resolve();
    });
  });

  it('are there for the simulation', () => {
    const { SIGKILL, SIGTERM } = readWaits();
    for (const seconds of [...SIGKILL, ...SIGTERM]) assert.ok(seconds > 0 && seconds < 120, String(seconds));
    assert.ok(SIGKILL.length > 0 && SIGTERM.length > 0);
  });
});
