import assert from 'node:assert/strict';
import type { StoredExploration } from '../activities/ledger/read.js';
import { trialView } from '../activities/ledger/trialView.js';
import { statusOf } from '../activities/ledger/views.js';
import { renderReport } from '../activities/report/report.js';
import { history, spaciousPlan } from '../activities/decide/testWorld.js';
import { statusLines } from './commands/views.js';
import { trialLines } from './trialText.js';

const plan = spaciousPlan();
const all = history(plan, 3);
const rows = all.map((row, at) => ({
  ...row,
  scores: Object.fromEntries(
    Object.entries(row.scores).map(([name, of]) => [
      name,
      name === 'skill' && at > 1 ? { ...of, stageId: String(at).repeat(64), missing: 2 } : of,
    ]),
  ),
}));
const found = (of: StoredExploration['rows']): StoredExploration => ({
  pointer: { explorationId: plan.explorationId, workflowId: 'explore/sample', startedAt: 'x' },
  ...{ plan, rows: of, finals: [], decisions: [], interventions: [], result: null, scales: [], ended: null },
});

function textOf(of: StoredExploration, trial: number): string {
  const view = trialView(of, trial);
  assert.ok(view);
  return trialLines(view).join('\n');
}

describe('missing judgements', () => {
  const [, , third] = rows;
  const items = (third?.scores['skill']?.items ?? 0) + 2;
  const sum = /skill: 4 items without a judgement in 2 evaluations, left out of its scores/;

  it('are told by status, show and the report', () => {
    assert.ok(third);
    assert.match(statusLines(statusOf(found(rows))).join('\n'), sum);
    const shown = textOf(found(rows), third.trial);
    assert.match(shown, new RegExp(`skill \\(2 of ${String(items)} items missing\\)`));
    const report = renderReport(found(rows));
    assert.match(report, sum);
    assert.equal(report.split('(2 missing)').length - 1, 2);
  });

  it('are not mentioned where there are none', () => {
    const shown = all.map(({ trial }) => textOf(found(all), trial));
    assert.doesNotMatch(
      [statusLines(statusOf(found(all))), shown, renderReport(found(all))].join('\n'),
      /missing/i,
    );
  });
});
