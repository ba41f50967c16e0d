import assert from 'node:assert/strict';
import {
  sampleAttempt as attempt,
  samplePlan,
  sampleProposal,
  sampleResult,
  sampleStageId,
} from '../../domain/samples.js';
import type { Attempt } from '../../domain/outcome.js';
import type { TrialRecord, TrialResult } from '../../domain/trial.js';
import { attemptsOf } from '../ledger/attempts.js';
import type { StoredExploration } from '../ledger/read.js';
import { statusOf } from '../ledger/views.js';
import { renderReport } from './report.js';
import { sectionText } from './testPage.js';

function result(trial: number, attempts: readonly Attempt[]): TrialResult {
  const cost = { stageId: sampleStageId(trial), kind: 'sft', gpuSeconds: 8, lostGpuSeconds: 2 };
  const reused = { ...cost, stageId: sampleStageId(9), reused: true, attempts: [attempt({ attempt: 7 })] };
  return { ...sampleResult(trial, 0.5), stages: [{ ...cost, reused: false, attempts }, reused] };
}

function exploration(
  trials: readonly (readonly Attempt[])[],
  confirmed: readonly Attempt[] = [],
): StoredExploration {
  const rows = trials.map((attempts, trial): TrialRecord => {
    const judged = { score: 0.5, standardError: 0.02, feasible: true };
    const proposed = sampleProposal(trial, trial === 0 ? 'base' : 'policy');
    return { schemaVersion: 1, ...proposed, ...result(trial, attempts), ...judged, sequence: trial };
  });
  const plan = samplePlan();
  const pointer = { explorationId: plan.explorationId, workflowId: 'explore/sample', startedAt: 'x' };
  const finals = [{ split: 'confirm', result: result(0, confirmed) }] as const;
  return {
    ...{
      pointer,
      plan,
      rows,
      finals,
      decisions: [],
      interventions: [],
      result: null,
      scales: [],
      ended: null,
    },
  };
}

/** The section of the page, as lines of text without markup. */
function reliability(found: StoredExploration): string {
  return sectionText(renderReport(found), 'reliability');
}

const LOST = attempt({
  end: 'lost',
  reason: 'its process vanished <b>',
  worker: 'spot-7:11',
  lastStep: 30,
  stepsKept: 25,
  stepsLost: 5,
  gpuSeconds: 6,
  lostGpuSeconds: 1,
});
const AFTER = attempt({ attempt: 2, worker: 'spot-8:12', resumedStep: 25, lastStep: 60, stepsKept: 35 });

describe('the reliability section', () => {
  it('says that nothing was cut short, and shows no table, when every first attempt went through', () => {
    const text = reliability(exploration([[attempt()], [attempt()]]));
    assert.match(text, /2 attempts\. Nothing was cut short\./);
    assert.ok(!text.includes('worker'));
  });

  it('shows the totals by the way of ending, and every attempt but the clean first ones', () => {
    const found = exploration([[attempt({ worker: 'calm:1' })], [LOST, AFTER]]);
    const text = reliability(found);
    assert.match(
      text,
      /3 attempts\. 1 lost; tried again once, 1 from a checkpoint; 25 steps kept, 5 lost; 1\.0/,
    );
    assert.match(text, /lost \(its process vanished\) 1 5 1\.0 s/);
    assert.match(text, /preempted \(asked to stop\) 0 0 0\.0 s/);
    assert.match(
      text,
      /t0001 sft \w{8} 1 spot-7:11 cpu 2026-01-01T00:00:00\.000Z 2026-01-01T00:00:10\.000Z lost: its process vanished &lt;b&gt; 0 30 25 5 6\.0 s 1\.0 s/,
    );
    assert.match(text, /t0001 sft \w{8} 2 spot-8:12 cpu .* completed 25 60 35 0 3\.0 s 0\.0 s/);
    assert.ok(!text.includes('calm:1'));
  });

  it('counts what scoring on a later split lost, and nothing that was reused', () => {
    const found = exploration([[attempt()]], [LOST, AFTER]);
    assert.match(reliability(found), /3 attempts\. 1 lost; .*confirm-t0000 sft/);
    assert.deepEqual(
      attemptsOf(found).map(({ trial, attempt: number }) => [trial, number]),
      [
        ['t0000', 1],
        ['confirm-t0000', 1],
        ['confirm-t0000', 2],
      ],
    );
  });

  it('agrees with the status', () => {
    const { recoveries } = statusOf(
      exploration([
        [LOST, AFTER],
        [LOST, AFTER],
      ]),
    );
    assert.deepEqual(
      [recoveries.attempts, recoveries.stepsKept, recoveries.stepsLost, recoveries.lostGpuSeconds],
      [2, 50, 10, 2],
    );
    assert.deepEqual(recoveries.cutShort.lost, { attempts: 2, stepsLost: 10, lostGpuSeconds: 2 });
  });
});
