import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowBundle } from './harness.js';

const HERE = import.meta.dirname;
const HISTORIES = join(HERE, 'histories');

/** Histories recorded from released shapes. They are added to, never edited: explorations of that age may still run. */
const files = readdirSync(HISTORIES).filter((name) => name.endsWith('.json'));

function history(name: string): unknown {
  return historyFromJSON(JSON.parse(readFileSync(join(HISTORIES, name), 'utf8')));
}

/** The recorded workflow's own id: ids of children may be made of it. */
function idOf(name: string): string {
  const { events } = JSON.parse(readFileSync(join(HISTORIES, name), 'utf8')) as {
    readonly events: readonly {
      readonly workflowExecutionStartedEventAttributes?: { readonly workflowId: string };
    }[];
  };
  return events[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? '';
}

/** Today's workflows with one planted change (an interceptor), or a planted module in their place. */
async function bundleWith(planted: { readonly interceptor?: string; readonly workflows?: string }) {
  const { interceptor, workflows = '../workflows/index.ts' } = planted;
  return bundleWorkflowCode({
    workflowsPath: join(HERE, workflows),
    workflowInterceptorModules: interceptor === undefined ? [] : [join(HERE, interceptor)],
    logger: new DefaultLogger('ERROR'),
  });
}

describe('recorded histories', () => {
  for (const name of files)
    it(`${name} replays on today's workflows`, async () => {
      await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history(name), idOf(name));
    });
});

/** The check can fail: each change would break explorations that run, and the history named shows it. */
const PLANTED = [
  { change: 'a timer added', file: 'explore-0.1.json', workflows: 'planted/explore.ts' },
  {
    change: 'an activity removed',
    file: 'explore-0.1.json',
    interceptor: 'planted/withoutSearchAttributes.ts',
  },
  { change: 'an order changed', file: 'pipeline-0.1.json', interceptor: 'planted/scoreFirst.ts' },
  {
    change: 'a continue-as-new removed',
    file: 'continuedFrom-0.1.json',
    interceptor: 'planted/neverHandsOver.ts',
  },
  {
    change: 'a move to another build removed',
    file: 'upgradedFrom-0.1.json',
    interceptor: 'planted/neverHandsOver.ts',
  },
  { change: 'a signal removed', file: 'rejectedTrial-0.1.json', interceptor: 'planted/silentTrial.ts' },
] as const;

describe('an incompatible change is refused', () => {
  for (const { change, file, ...planted } of PLANTED)
    it(`${change}: ${file}`, async () => {
      const workflowBundle = await bundleWith(planted);
      await assert.rejects(
        Worker.runReplayHistory({ workflowBundle }, history(file)),
        DeterminismViolationError,
      );
    });
});
