import assert from 'node:assert/strict';
import type { DecideInput, DecisionRecord } from '../../domain/decision.js';
import { judge } from '../../domain/ranking.js';
import { samplePlan } from '../../domain/samples.js';
import { sha256Hex, stageIdOf, type Stage } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { ProposedTrial, TrialRecord } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import { createDecide } from './decide.js';
import { memoryStore } from './memoryStore.js';
import { createOpenLlm } from './openLlm.js';
import { baseRow } from './testWorld.js';

const plan = samplePlan({ fidelity: { rungs: [0.25, 0.5, 1], reduction: 2 }, constraints: [] });
const { explorationId } = plan;
const store = memoryStore();
const decide = createDecide({ store, openLlm: createOpenLlm({ apiKey: null, embedded: null }) });

/** The row of a proposed trial that scored so much. */
function rowOf(proposed: ProposedTrial, sequence: number, score: number): TrialRecord {
  const of = { stageId: sha256Hex(String(sequence)), score, standardError: 0.01, items: 64 };
  const scores = { skill: of, guard: of };
  return {
    ...{
      schemaVersion: 1,
      ...proposed,
      sequence,
      status: 'completed',
      message: '',
      weightsSha256: null,
      scores,
    },
    ...{
      stages: [],
      metrics: {},
      startedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:10.000Z',
    },
    ...judge(plan, scores, scores),
  };
}

async function recordOf(decision: number): Promise<DecisionRecord> {
  return JSON.parse((await store.read(keys.decision(explorationId, decision))) ?? '') as DecisionRecord;
}

async function recipe(stageId: string): Promise<Stage> {
  return JSON.parse((await store.read(keys.stage(stageId))) ?? '') as Stage;
}

/** Decides, and puts the row of what was decided. */
async function turn(
  rows: number,
  score: number,
  more: Partial<DecideInput> = {},
): Promise<ProposedTrial | null> {
  const input = { explorationId, decision: rows - 1, trial: rows, ledgerRows: rows, inFlight: [], ...more };
  const decided = await decide(input);
  if (decided.kind !== 'proposed') return null;
  const row = rowOf(decided.proposed, rows, score);
  await store.putIfAbsent(keys.row(explorationId, rows), JSON.stringify(row));
  return decided.proposed;
}

describe('decisions of a search with rungs', () => {
  before(async () => {
    await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
    await store.putIfAbsent(keys.row(explorationId, 0), JSON.stringify(baseRow(plan)));
  });

  it('propose on the lowest rung, with the recipe at full fidelity on record beside that of the rung', async () => {
    const first = await turn(1, 0.5);
    assert.equal(first?.fidelity, 0.25);
    assert.equal(first.origin, 'policy');
    const { action, stage } = await recordOf(0);
    assert.equal(first.recipeId, stageIdOf(stageOfAction(plan, action)));
    assert.equal(stage.stageId, first.stageId);
    assert.notEqual(first.stageId, first.recipeId);
    assert.equal((await recipe(first.stageId)).parameters['dataFraction'], 0.25);
    assert.equal((await recipe(first.recipeId)).parameters['dataFraction'], undefined);
    assert.match(first.label, / on 0\.25 of the data$/);
  });

  it('promote the better of two before the policy is asked, by a decision of its own kind', async () => {
    const second = await turn(2, 0.6);
    assert.equal(second?.fidelity, 0.25);
    const up = await turn(3, 0.7);
    assert.deepEqual([up?.origin, up?.fidelity, up?.promotes], ['promotion', 0.5, 2]);
    assert.equal(up?.recipeId, second.recipeId);
    const record = await recordOf(2);
    assert.equal(record.policy, 'promotion');
    assert.equal(
      record.reason,
      't0002 goes up: number 1 of 2 on 0.25 of the data, of which one in 2 goes on',
    );
    assert.deepEqual(await decide({ explorationId, decision: 2, trial: 3, ledgerRows: 99, inFlight: [] }), {
      ...{ kind: 'proposed', proposed: up, llmTokens: 0, usd: 0, fallback: false },
    });
  });

  it('build on the parent of the same rung, whatever rung it has reached', async () => {
    for (let rows = 4; rows < 40; rows += 1) {
      const proposed = await turn(rows, 0.1 + rows / 1000);
      assert.ok(proposed);
      const parents = (await recordOf(rows - 1)).action.models.filter((id) => id !== plan.models[0]?.stageId);
      if (parents.length === 0 || proposed.fidelity === undefined) continue;
      const { inputs } = await recipe(proposed.stageId);
      for (const id of [...(inputs['model'] ?? []), ...(inputs['models'] ?? [])]) {
        if (id === plan.models[0]?.stageId) continue;
        const { kind, parameters } = await recipe(id);
        if (kind === 'sft') assert.equal(parameters['dataFraction'], proposed.fidelity);
      }
      return;
    }
    assert.fail('expected a trial on a trial within 40 decisions');
  });

  it('that may only promote say so when nothing can be, and bring the best to the top at the end', async () => {
    const rows = 2;
    const only = { decision: 900, trial: 900, ledgerRows: rows } as const;
    assert.equal(
      (await decide({ explorationId, inFlight: [], ...only, only: 'promotion' })).kind,
      'exhausted',
    );
    const final = await decide({ explorationId, inFlight: [], ...only, only: 'final' });
    assert.equal(final.kind, 'proposed');
    const { proposed } = final;
    assert.deepEqual([proposed.origin, proposed.fidelity, proposed.promotes], ['promotion', undefined, 1]);
    const record = await recordOf(900);
    assert.equal(record.policy, 'finalPromotion');
    assert.equal(proposed.stageId, stageIdOf(stageOfAction(plan, record.action)));
  });
});
