import assert from 'node:assert/strict';
import type { ChoicePosition, DecisionRecord } from '../../domain/decision.js';
import { identify } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { StoredExploration } from '../ledger/read.js';
import { history, proposalFor, spaciousPlan } from '../decide/testWorld.js';
import { renderReport } from './report.js';

const plan = spaciousPlan();
const rows = history(plan, 3);

function exploration(positions: readonly (readonly ChoicePosition[])[]): StoredExploration {
  const action = rows[1]?.action;
  assert.ok(action);
  const decisions = positions.map((chosen, decision): DecisionRecord => ({
    ...{ schemaVersion: 1, decision, policy: 'agent', ledgerRows: 1, inFlight: [], action, reason: 'r' },
    ...{ fallback: false, positions: chosen, calls: [], memory: null },
    ...{ proposed: proposalFor(plan, 1, action), stage: identify(stageOfAction(plan, action)) },
  }));
  const pointer = { explorationId: plan.explorationId, workflowId: 'explore/sample', startedAt: 'x' };
  const none = { finals: [], interventions: [], result: null, scales: [], ended: null };
  return { pointer, plan, rows, decisions, ...none };
}

/** The section of the page, as text without markup; empty: there is none. */
function section(found: StoredExploration): string {
  const [, text = ''] = /aria-labelledby="search">(.*?)<\/section>/s.exec(renderReport(found)) ?? [];
  return text.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}

const firsts = (count: number) =>
  Array.from({ length: count }, () => [{ of: 'models', position: 0, options: 4 }]);

describe('the section on how the search decided', () => {
  it('counts decisions by policy and tests the places of LLM choices', () => {
    const text = section(exploration(firsts(24)));
    assert.match(text, /agent 24 24 0 0 0 0 0 0 \$0/);
    assert.match(
      text,
      /24 choices from 24 shuffled lists stood first 100\.0 % of the time \(25\.0 % if places/,
    );
    assert.match(
      text,
      /χ² = 72\.0 with 3 degrees of freedom, p &lt; 0\.001; by drawing places at random p &lt; 0\.001/,
    );
    assert.doesNotMatch(text, /Warning/);
  });

  it('warns where cells are too small for the distribution', () => {
    assert.match(
      section(exploration(firsts(8))),
      /Warning: the smallest cell expects 2\.0 choices, fewer than 5/,
    );
  });

  it('is left out where nobody decided, and has no test where nothing was chosen from a list', () => {
    assert.equal(section(exploration([])), '');
    assert.doesNotMatch(section(exploration([[]])), /Position bias/);
  });
});
