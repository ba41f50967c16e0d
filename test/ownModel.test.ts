import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { personsFolder, removeFolder, walk } from './ownModel.js';

describe("a person's own model", () => {
  it('goes from two files to an export that makes the same weights again', async () => {
    const length = { rows: 90, trials: 1 };
    const folder = personsFolder(length);
    try {
      const shown = await walk(folder, length);
      const of = (start: string) => shown.findLast(({ command }) => command.startsWith(start));
      for (const start of [
        'lamdagent init',
        'lamdagent validate',
        'lamdagent start',
        'lamdagent report',
        'lamdagent export',
        'python',
        'lamdagent recipe',
      ]) {
        const one = of(start);
        assert.equal(one?.code, 0, `${start}: ${one?.output ?? 'not run'}`);
      }
      assert.match(of('lamdagent init')?.output ?? '', /next:\n +npx lamdagent validate spec\.yaml/);
      assert.match(
        of('lamdagent validate')?.output ?? '',
        /spec\.yaml: valid[^]*baselines: .*sft on all data[^]*npx lamdagent start spec\.yaml --follow/,
      );
      assert.match(
        of('python')?.output ?? '',
        /equal: the weights are those of my-search t\d{4}, bit by bit/,
      );
      assert.match(of('lamdagent recipe')?.output ?? '', /equal: the weights are those of my-search/);
      assert.ok(existsSync(join(folder, 'my-model/README.md')));
    } finally {
      removeFolder(folder);
    }
  }).timeout(1_200_000);
});
