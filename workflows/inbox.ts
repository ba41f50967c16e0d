import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { Exploration } from '../domain/exploration.js';
import type { TrialResult } from '../domain/trial.js';
import {
  leaderboardQuery,
  pauseUpdate,
  resumeUpdate,
  statusQuery,
  stopUpdate,
  trialEnded,
  type Reason,
} from './messages.js';
import { statusOf } from './status.js';

/** The exploration's state and the messages that reach it. All changes go through `update`, so waiting code notices them. */
export interface Inbox {
  state: Exploration | null;
  /** Reports of finished trials, in order of arrival, not yet booked. */
  readonly ended: TrialResult[];
  /** Grows with every change of the state. */
  version: number;
  /** The state; only after `prepare`. */
  current(): Exploration;
  update(change: (state: Exploration) => Exploration): void;
}

/**
 * Registers all handlers; done first thing, so that no message finds a closed door. What the run before carried
 * over must stand by then: a message that came in between is handled at once, while its handler is registered.
 */
export function listen(
  carried: { readonly state: Exploration; readonly ended: readonly TrialResult[] } | null,
): Inbox {
  const inbox: Inbox = {
    state: carried?.state ?? null,
    ended: [...(carried?.ended ?? [])],
    version: 0,
    current: () => {
      if (inbox.state === null)
        throw ApplicationFailure.nonRetryable('the exploration is not prepared yet', 'NotPrepared');
      return inbox.state;
    },
    update: (change) => {
      inbox.state = change(inbox.current());
      inbox.version += 1;
    },
  };
  setHandler(statusQuery, () => (inbox.state === null ? null : statusOf(inbox.state)));
  setHandler(leaderboardQuery, () => inbox.state?.top ?? []);
  setHandler(trialEnded, ({ explorationId, result }) => {
    if (inbox.state?.plan.explorationId === explorationId || inbox.state === null) inbox.ended.push(result);
  });
  listenToPeople(inbox);
  return inbox;
}

function listenToPeople(inbox: Inbox): void {
  const refuse = refusal(inbox);
  setHandler(
    pauseUpdate,
    () => {
      inbox.update((state) => ({ ...state, paused: true }));
      return 'paused: trials in flight go on, no new one starts';
    },
    {
      validator: (_: Reason) =>
        refuse('a running exploration', (state) => (state.paused ? 'it is paused already' : null)),
    },
  );
  setHandler(
    resumeUpdate,
    () => {
      inbox.update((state) => ({ ...state, paused: false }));
      return 'resumed';
    },
    {
      validator: () => refuse('a paused exploration', (state) => (state.paused ? null : 'it is not paused')),
    },
  );
  setHandler(
    stopUpdate,
    ({ reason }: Reason = {}) => {
      inbox.update((state) => ({
        ...state,
        paused: false,
        stopReason: `stopped: ${reason ?? 'by request'}`,
      }));
      return 'stopping: trials in flight are cancelled, then the finalists are confirmed';
    },
    {
      validator: (_: Reason) =>
        refuse('a running exploration', (state) =>
          state.stopReason === null ? null : 'it is stopping already',
        ),
    },
  );
}

/** Validators are synchronous: an asynchronous one never rejects. `got` says what stands against the update. */
function refusal(inbox: Inbox): (expected: string, got: (state: Exploration) => string | null) => void {
  return (expected, got) => {
    const why =
      inbox.state === null
        ? 'it is still preparing'
        : isOver(inbox.state)
          ? 'its search is over'
          : got(inbox.state);
    if (why !== null)
      throw ApplicationFailure.nonRetryable(`update: expected ${expected}, but ${why}`, 'UpdateRefused');
  };
}

function isOver(state: Exploration): boolean {
  return state.phase === 'confirming' || state.phase === 'testing' || state.phase === 'finished';
}
