import type { DecisionRecord } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import type { Random } from '../../domain/random.js';
import { identify, sha256Hex } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { TrialRecord } from '../../domain/trial.js';

/** Why a synthetic trial was proposed: nine in thirty by an agent, the others by TPE. */
export function decisionOf(
  plan: Plan,
  row: TrialRecord,
  { known, hostile, random }: { readonly known: number; readonly hostile: string; readonly random: Random },
): DecisionRecord {
  const { action, trial, origin, decision, stageId, label } = row;
  if (action === null) throw new Error('decision: expected an action, got none');
  const isAgent = random.real() < 0.3;
  const place = (of: string, options: number) => ({ of, position: random.integer(options), options });
  const call = {
    purpose: 'objects' as const,
    promptSha256: sha256Hex(`prompt ${String(trial)}`),
    answer: '{"actionType": 2}',
    fault: null,
    promptTokens: 1800 + random.integer(900),
    completionTokens: 60 + random.integer(60),
    seconds: 2.4,
    usd: 0.0009,
  };
  return {
    ...{
      schemaVersion: 1,
      decision: decision ?? 0,
      policy: isAgent ? 'agent' : 'tpe',
      ledgerRows: known,
      inFlight: [],
      action,
    },
    reason: isAgent
      ? `Simulated choice: ${action.kind} on the models with the highest scores so far; the guard has room left.${hostile}`
      : `Simulated choice: highest expected improvement among 24 draws of ${action.kind}.${hostile}`,
    ...{
      fallback: isAgent && random.real() < 0.05,
      memory: isAgent ? `Simulated memory after ${String(known)} rows.${hostile}` : null,
    },
    positions: isAgent ? [place('actionType', 3), place('models', Math.max(2, Math.min(known, 8)))] : [],
    calls: isAgent ? [call] : [],
    proposed: { trial, origin, decision, action, stageId, label },
    stage: identify(stageOfAction(plan, action)),
  };
}
