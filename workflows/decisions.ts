import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  log,
  proxyActivities,
} from '@temporalio/workflow';
import type { DecideInput, DecideOutput } from '../domain/decision.js';
import { bookedUsd } from '../domain/exploration.js';
import { ANY_CLASS } from '../domain/gpuClass.js';
import { plusUsd } from '../domain/prices.js';
import type { Slate, SuggestJob } from '../domain/suggestion.js';
import { summaryText } from '../domain/summaries.js';
import { trialName } from '../domain/trial.js';
import type { ControlActivities, OrchestratorActivities } from './activities.js';
import { CONTROL_ACTIVITY, DECIDE_ACTIVITY, gpuControlQueue } from './contract.js';
import type { Inbox } from './inbox.js';

const { decide } = proxyActivities<Pick<OrchestratorActivities, 'decide'>>(DECIDE_ACTIVITY);

/** `stopped`: a person ended the search while the sampler was waited for; nothing was decided. */
export type Decided = Exclude<DecideOutput, { kind: 'consult' }> | { readonly kind: 'stopped' };

/**
 * The next decision; `only`: nothing but a promotion of this kind. Policies that need the sampler are asked twice: for
 * its job, then with its slate.
 */
export async function decideNext(inbox: Inbox, only: DecideInput['only'] | null): Promise<Decided> {
  const input = { ...inputOf(inbox), ...(only === null || only === undefined ? {} : { only }) };
  const name = trialName(input.trial);
  const asked = only === null || only === undefined ? '' : `, a ${only} if one is due`;
  const summary = summaryText(`decide ${name}${asked} (decision ${String(input.decision)})`);
  const first = await decide.executeWithOptions({ summary }, [input]);
  if (first.kind !== 'consult') return first;
  const slate = await slateUnlessStopped(inbox, first.job, input.trial);
  if (slate === null) return { kind: 'stopped' };
  const again = summaryText(
    `decide ${name} with the sampler's ${String(slate.suggestions.length)} suggestions`,
  );
  const second = await decide.executeWithOptions({ summary: again }, [{ ...input, slate }]);
  if (second.kind !== 'consult') return second;
  throw ApplicationFailure.nonRetryable(
    `decision ${String(input.decision)}: expected a proposal with the slate at hand, got another request`,
    'PolicyBug',
  );
}

function inputOf(inbox: Inbox): DecideInput {
  const state = inbox.current();
  const { steering = [] } = state;
  return {
    explorationId: state.plan.explorationId,
    decision: state.nextDecision,
    trial: state.nextTrial,
    ledgerRows: state.ledgerRows,
    inFlight: state.inFlight.map((flight) => flight.proposed),
    ...(steering.length === 0 ? {} : { steering }),
    budget: state.plan.budget,
    spent: {
      llmTokens: state.spend.llmTokens,
      usd: plusUsd(bookedUsd(state.spend), state.spend.gpuUsd ?? 0),
    },
  };
}

/** No GPU worker may be there for hours; who stops the exploration meanwhile need not wait for one. */
async function slateUnlessStopped(inbox: Inbox, job: SuggestJob, trial: number): Promise<Slate | null> {
  const isStopped = (): boolean => inbox.current().stopReason !== null;
  const scope = new CancellationScope();
  const { workers } = inbox.current().plan;
  const queue = gpuControlQueue(workers === undefined ? null : ANY_CLASS);
  const slate = scope.run(() => slateOf(job, trial, queue));
  await Promise.race([slate, condition(isStopped)]);
  if (!isStopped()) return slate;
  scope.cancel();
  await slate.catch(() => null);
  return null;
}

/** Where the sampler can't answer, the search goes on without it: the decision says so and counts as a fallback. */
async function slateOf(job: SuggestJob, trial: number, taskQueue: string): Promise<Slate> {
  const summary = summaryText(`suggestions for ${trialName(trial)}: waits for a GPU worker`);
  const { suggest } = proxyActivities<ControlActivities>({
    ...CONTROL_ACTIVITY,
    taskQueue,
    summary,
  });
  try {
    return await suggest(job);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    log.warn(`suggest: expected a slate, got none; ${trialName(trial)} is drawn at random`, { error });
    return { schemaVersion: 1, suggestions: [] };
  }
}
