import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowBundle } from './harness.js';

const HISTORIES = join(import.meta.dirname, 'histories');

/** Histories recorded from released shapes. They are added to, never edited: explorations of that age may still run. */
const files = readdirSync(HISTORIES).filter((name) => name.endsWith('.json'));

function history(name: string): unknown {
  return historyFromJSON(JSON.parse(readFileSync(join(HISTORIES, name), 'utf8')));
}

describe('recorded histories', function () {
  this.timeout(60_000);

  for (const name of files)
    it(`${name} replays on today's workflows`, async () => {
      await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history(name));
    });

  it('are refused by an incompatible workflow: the check can fail', async () => {
    const planted = await bundleWorkflowCode({
      workflowsPath: join(import.meta.dirname, 'planted/explore.ts'),
    });
    const name = files.find((file) => file.startsWith('explore'));
    assert.ok(name);
    await assert.rejects(
      Worker.runReplayHistory({ workflowBundle: planted }, history(name)),
      DeterminismViolationError,
    );
  });
});
