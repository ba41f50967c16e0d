import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { Exploration } from '../domain/exploration.js';
import type { TrialResult } from '../domain/trial.js';
import { DESCRIPTIONS, leaderboardQuery, statusQuery, trialEnded } from './messages.js';
import { listenToPeople } from './people.js';
import { statusOf } from './status.js';
import { listenToSteering } from './steering.js';

/** The exploration's state and the messages that reach it. All changes go through `update`, so waiting code notices them. */
export interface Inbox {
  state: Exploration | null;
  /** Reports of finished trials, in order of arrival, not yet booked. */
  readonly ended: TrialResult[];
  /** Grows with every change of the state. */
  version: number;
  /** Resolves when the last of the acts that take their turn is done. */
  lastTurn: Promise<void>;
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
    lastTurn: Promise.resolve(),
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
  setHandler(statusQuery, () => (inbox.state === null ? null : statusOf(inbox.state)), {
    description: DESCRIPTIONS.status,
  });
  setHandler(leaderboardQuery, () => inbox.state?.top ?? [], { description: DESCRIPTIONS.leaderboard });
  setHandler(
    trialEnded,
    ({ explorationId, result }) => {
      if (inbox.state?.plan.explorationId === explorationId || inbox.state === null) inbox.ended.push(result);
    },
    { description: DESCRIPTIONS.trialEnded },
  );
  listenToPeople(inbox);
  listenToSteering(inbox);
  return inbox;
}
