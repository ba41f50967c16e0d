import type { Json } from '../../domain/json.js';
import { judgeRequest, type TrialRequest } from '../../domain/request.js';
import { canonicalJson, identify } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { OrchestratorActivities, RequestInput } from '../../workflows/activities.js';
import { createLedgerReader } from '../decide/ledgerReader.js';
import { putOnce } from '../ledger/activities.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { parseWrittenAction } from './writtenAction.js';

/** The acts of people: their trials are judged by the ledger, and every act is put on record. */
export function createSteeringActivities(
  store: Store,
): Pick<OrchestratorActivities, 'checkRequest' | 'recordIntervention'> {
  const reader = createLedgerReader(store);
  return {
    checkRequest: async (input) => {
      const request = requestOf(input);
      if ('fault' in request) return { kind: 'refused', reason: request.fault };
      const { explorationId, ledgerRows, pending } = input;
      const plan = await reader.plan(explorationId);
      const { ledger: rows } = await reader.first(explorationId, ledgerRows);
      const judged = judgeRequest({ plan, rows, pending }, request);
      if (judged.kind === 'refused') return judged;
      const { stageId, stage } = identify(stageOfAction(plan, judged.requested.action));
      await store.putIfAbsent(keys.stage(stageId), canonicalJson(stage as unknown as Json));
      return judged;
    },
    recordIntervention: ({ explorationId, act }) =>
      putOnce(store, keys.intervention(explorationId, act.number), JSON.stringify(act)),
  };
}

function requestOf({ request }: RequestInput): TrialRequest | { readonly fault: string } {
  if (request.kind === 'retry') return request;
  const written = parseWrittenAction(request.action);
  return 'fault' in written ? written : { kind: 'propose', action: written.action };
}
