import {
  contaminationNotes,
  contaminationSummary,
  type ContaminationRecord,
} from '../../domain/contamination.js';
import type { Plan } from '../../domain/plan.js';
import { sha256Hex } from '../../domain/stage.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/** The plan with what the gate found; the record is in the store before the plan that names it. */
export async function withContamination(
  store: Store,
  plan: Plan,
  record: ContaminationRecord,
): Promise<Plan> {
  const text = JSON.stringify(record);
  const sha256 = sha256Hex(text);
  await store.putIfAbsent(keys.contamination(plan.explorationId, sha256), text);
  const notes = [...plan.notes, ...contaminationNotes(record)];
  return { ...plan, notes, contamination: contaminationSummary(record, sha256) };
}
