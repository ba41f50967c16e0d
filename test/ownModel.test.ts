import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { personsFolder, removeFolder, walk } from './ownModel.js';

describe("a person's own model", () => {
  it('goes from two files to an export that makes the same weights again', async () => {
    const length = { rows: 90, trials: 1, trial: 't0001' };
    const folder = personsFolder(length);
    try {
      const shown = await walk(folder, length);
      const of = (start: string): string =>
        shown.find(({ command }) => command.startsWith(start))?.output ?? '';
      assert.match(of('lamdagent init'), /next:\n +npx lamdagent validate spec\.yaml/);
      assert.match(
        of('lamdagent validate'),
        /spec\.yaml: valid[^]*baselines: .*sft on all data[^]*npx lamdagent start spec\.yaml --follow/,
      );
      assert.match(of('lamdagent start'), /next:\n +npx lamdagent report my-search --serve/);
      assert.match(of('python'), /equal: the weights are those of my-search t0001, bit by bit/);
      assert.match(of('lamdagent recipe'), /equal: the weights are those of my-search t0001/);
      assert.ok(existsSync(join(folder, 'my-model/README.md')));
    } finally {
      removeFolder(folder);
    }
  }).timeout(1_200_000);
});
