import assert from 'node:assert/strict';
import { loadExploration } from '../activities/ledger/read.js';
import { ABILITIES, concluded, searchedWorld, type Ability } from '../activities/ledger/testWorld.js';
import { statusOf } from '../activities/ledger/views.js';
import { createFolderStore } from '../activities/store/folder.js';
import { withFolder } from '../test/harness.js';
import { statusLines } from './commands/views.js';
import { summaryLines } from './summary.js';

/** The summary at the end and the status afterwards, as a person reads them. */
async function told(bound: number, abilities: readonly Ability[] = ABILITIES): Promise<readonly string[]> {
  const texts: string[] = [];
  await withFolder(async (folder) => {
    const store = createFolderStore(folder);
    const constraints = [{ benchmark: 'guard', relativeToBase: true, bound }];
    const result = await concluded(await searchedWorld(store, { constraints }, abilities));
    const found = await loadExploration(store, 'sample');
    assert.ok(found);
    texts.push(summaryLines(result, null).join('\n'), statusLines(statusOf(found)).join('\n'));
  });
  return texts;
}

describe('the end, as the command line tells it', () => {
  it('compares with the base and with SFT on all data, and names luck and counts', async () => {
    const [summary = '', status = ''] = await told(-0.05);
    assert.match(summary, /champion: t0002 \(t0002 improves on the base\)/);
    assert.match(summary, /test split: base 0\.\d+ \(.*\), SFT on all data 0\.\d+ \(.*\), champion 0\.\d+/);
    assert.match(summary, /gain over the base: \+0\.\d+, 95 % interval/);
    assert.match(summary, /gain over SFT on all data: \+0\.\d+, 95 % interval/);
    assert.match(
      summary,
      /champion's score: search .*, confirm .*, test .*; luck alone lifts the best of 2 by up to/,
    );
    assert.match(summary, /trials: 3 evaluated, 2 feasible, 2 finalists, 1 champion$/);
    assert.match(
      status,
      /^counts      3 evaluated, 2 feasible, 2 finalists, 1 champion \(without the base\)$/m,
    );
    assert.match(status, /^shrinkage   search to confirm [-+]\d\.\d+, to test [-+]\d\.\d+; luck lifts/m);
    assert.match(status, /^opened      test split: opened at .* by run-1, once$/m);
  });

  it('names the constraint that is not shown', async () => {
    for (const text of await told(-0.01)) {
      assert.match(text, /gains over the base, but it is not shown to keep guard/);
      assert.match(text, /constraint not shown: guard: .* short by 0\.011/);
    }
  });

  it('calls it a proper end when the base is kept', async () => {
    const poor = ABILITIES.map((one) => (one.origin === 'policy' ? { ...one, skill: 0.1 } : one));
    for (const text of await told(-0.05, poor)) {
      assert.match(text, /no improvement found, the base is kept/);
      assert.match(text, /2 finalists, 0 champion/);
    }
  });
});
