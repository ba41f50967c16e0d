import assert from 'node:assert/strict';
import { loadExploration } from '../../activities/ledger/read.js';
import { writeSyntheticLedger } from '../../activities/report/testLedger.js';
import { recordsInMemory } from '../../activities/report/testStore.js';
import { withFolder } from '../../test/harness.js';
import { trialName } from '../../domain/trial.js';
import { textOf, type Finished } from './page.js';

describe('the section of the real model on a CPU', () => {
  let found: Finished;
  let text: string;
  before(async () => {
    found = await withFolder(async (folder) => {
      const store = recordsInMemory(folder);
      await writeSyntheticLedger(store, { trials: 14 });
      const stored = await loadExploration(store, 'synthetic');
      assert.ok(stored?.result);
      return { ...stored, result: stored.result };
    });
    text = textOf(found, 2);
  });

  it('has a line for every trial, and tables whose rows have as many cells as their heads', () => {
    for (const { trial } of found.rows) assert.match(text, new RegExp(`^\\| ${trialName(trial)} \\| `, 'm'));
    const tables = text.split('\n\n').filter((part) => part.startsWith('|'));
    assert.equal(tables.length, 3);
    for (const table of tables)
      assert.equal(new Set(table.split('\n').map((line) => line.split(/(?<!\\)\|/).length)).size, 1, table);
  });

  it('compares base, SFT on all data and champion on the later splits, with the paired gains', () => {
    const { figures, champion } = found.result;
    assert.ok(champion > 0 && figures);
    for (const model of figures.models) {
      const { value } = model.test ?? { value: Number.NaN };
      const line = text.split('\n').find((one) => one.includes(`(${trialName(model.trial)})`)) ?? '';
      assert.ok(line.endsWith(')') || line.endsWith('|'), line);
      if (model.test !== null) assert.ok(line.includes((100 * value).toFixed(1)), line);
    }
    assert.match(text, /champion minus base \| [+−]\d/);
    assert.match(text, new RegExp(`\\*\\*${trialName(champion)} `));
  });
});
