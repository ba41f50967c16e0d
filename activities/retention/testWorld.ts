import type { DecisionRecord } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import { samplePlan, sampleResult } from '../../domain/samples.js';
import { identify, sha256Hex, type IdentifiedStage } from '../../domain/stage.js';
import type { TrialRecord } from '../../domain/trial.js';
import { createLedgerActivities } from '../ledger/activities.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/** Bytes of a test's models; far above what counts as small under the budgets of the tests. */
export const MODEL_BYTES = 2000;

/** An exploration in a store, written as the orchestrator writes it. */
export interface RetentionWorld {
  readonly plan: Plan;
  /** The recipe that trains a model on the parents. */
  stage(trial: number, parents?: readonly IdentifiedStage[]): IdentifiedStage;
  /** Writes the recipe and publishes a model of MODEL_BYTES. */
  publish(stage: IdentifiedStage): Promise<void>;
  decide(trial: number, stage: IdentifiedStage): Promise<void>;
  book(trial: number, stage: IdentifiedStage, score: number): Promise<void>;
  end(): Promise<void>;
}

export async function retentionWorld(store: Store, changes: Partial<Plan> = {}): Promise<RetentionWorld> {
  const plan = samplePlan(changes);
  const { explorationId, name } = plan;
  const ledger = createLedgerActivities({ store });
  const pointer = { explorationId, workflowId: `explore/${name}`, startedAt: '2026-01-01T00:00:00.000Z' };
  await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
  await store.replace(keys.name(name), JSON.stringify(pointer));
  let sequence = 0;
  return {
    plan,
    stage: (trial, parents = []) =>
      identify({
        kind: 'sft',
        recipeVersion: 1,
        inputs: { model: parents.map(({ stageId }) => stageId) },
        parameters: { name, trial },
        seed: '1',
      }),
    publish: async ({ stageId, stage }) => {
      await store.putIfAbsent(keys.stage(stageId), JSON.stringify(stage));
      const files = [{ path: 'model.safetensors', text: stageId.slice(0, 4).repeat(MODEL_BYTES / 4) }];
      await store.publish(stageId, stage.kind, files, { weightsSha256: sha256Hex(stageId) });
    },
    decide: async (trial, stage) => {
      await store.putIfAbsent(keys.stage(stage.stageId), JSON.stringify(stage.stage));
      const proposed = { trial, stageId: stage.stageId };
      const record = { decision: trial - 2, proposed, stage } as unknown as DecisionRecord;
      await store.putIfAbsent(keys.decision(explorationId, trial - 2), JSON.stringify(record));
    },
    book: async (trial, { stageId, stage }, score) => {
      const action = {
        kind: 'sft',
        models: stage.inputs['model'] ?? [],
        datasets: [],
        parameters: {},
      } as const;
      const row: TrialRecord = {
        ...sampleResult(trial, score),
        schemaVersion: 1,
        sequence,
        stageId,
        weightsSha256: sha256Hex(stageId),
        origin: 'policy',
        decision: trial - 2,
        action,
        label: `trial ${String(trial)}`,
        score,
        standardError: 0.1,
        feasible: true,
        endedAt: new Date(Date.parse('2026-01-01T00:00:00.000Z') + trial * 60_000).toISOString(),
      };
      await ledger.record({ explorationId, row });
      sequence += 1;
    },
    end: () => ledger.recordEnded({ explorationId, state: 'stopped', reason: 'a test' }),
  };
}
