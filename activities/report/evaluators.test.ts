import assert from 'node:assert/strict';
import { sha256Hex } from '../../domain/stage.js';
import type { TrialRecord } from '../../domain/trial.js';
import { history, spaciousPlan } from '../decide/testWorld.js';
import type { StoredExploration } from '../ledger/read.js';
import { evaluatorsOf } from './evaluators.js';
import { renderReport } from './report.js';

const plan = spaciousPlan();
const evaluator = (template: string) => ({
  benchmarkSha256: sha256Hex('items'),
  templateSha256: sha256Hex(template),
  generationSha256: sha256Hex('greedy'),
});
const locked = (row: TrialRecord, template: string): TrialRecord => ({
  ...row,
  scores: Object.fromEntries(
    Object.entries(row.scores).map(([name, of]) => [name, { ...of, evaluator: evaluator(template) }]),
  ),
});
const found = (rows: readonly TrialRecord[]): StoredExploration => ({
  pointer: { explorationId: plan.explorationId, workflowId: 'explore/sample', startedAt: 'x' },
  ...{ plan, rows, finals: [], decisions: [], interventions: [], result: null, scales: [], ended: null },
});

describe('the report’s identity', () => {
  it('names what every score was measured with, once where all are measured alike', () => {
    const rows = history(plan, 3).map((row) => locked(row, 'one'));
    assert.deepEqual(
      evaluatorsOf(found(rows)).map(({ benchmark, split, scores }) => [benchmark, split, scores]),
      [
        ['skill', 'search', 4],
        ['guard', 'search', 4],
      ],
    );
    const hash = (text: string) => sha256Hex(text).slice(0, 16);
    const expected = `items ${hash('items')}, template ${hash('one')}, generation ${hash('greedy')}`;
    assert.ok(renderReport(found(rows)).includes(expected));
  });

  it('shows a second template beside the first', () => {
    const [base, ...rest] = history(plan, 3);
    assert.ok(base);
    const mixed = [locked(base, 'one'), ...rest.map((row) => locked(row, 'two'))];
    assert.deepEqual(
      evaluatorsOf(found(mixed)).map(({ scores }) => scores),
      [1, 1, 3, 3],
    );
  });

  it('says nothing of scores that 0.1 made', () => {
    assert.deepEqual(evaluatorsOf(found(history(plan, 3))), []);
  });
});
