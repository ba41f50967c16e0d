import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { Exploration } from '../domain/exploration.js';
import type { TrialResult } from '../domain/trial.js';
import { leaderboardQuery, pauseUpdate, resumeUpdate, statusQuery, stopUpdate, trialEnded, type Reason } from './messages.js';
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

/** Registers all handlers; done first thing, so that no message finds a closed door. */
export function listen(early: readonly TrialResult[]): Inbox {
  const inbox: Inbox = {
    state: null,
    ended: [...early],
    version: 0,
    current: () => {
      if (inbox.state === null) throw ApplicationFailure.nonRetryable('the exploration is not prepared yet', 'NotPrepared');
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
  setHandler(
    pauseUpdate,
    () => {
      inbox.update((state) => ({ ...state, paused: true }));
      return 'paused: trials in flight go on, no new one starts';
    },
    { validator: () => { refuseUnless(inbox, (state) => !state.paused, 'a running exploration', 'it is paused already'); } },
  );
  setHandler(
    resumeUpdate,
    () => {
      inbox.update((state) => ({ ...state, paused: false }));
      return 'resumed';
    },
    { validator: () => { refuseUnless(inbox, (state) => state.paused, 'a paused exploration', 'it is not paused'); } },
  );
  setHandler(
    stopUpdate,
    ({ reason }: Reason = {}) => {
      inbox.update((state) => ({ ...state, paused: false, stopReason: `stopped: ${reason ?? 'by request'}` }));
      return 'stopping: trials in flight are cancelled, then the finalists are confirmed';
    },
    { validator: () => { refuseUnless(inbox, (state) => state.stopReason === null, 'a running exploration', 'it is stopping already'); } },
  );
}

function refuseUnless(inbox: Inbox, rule: (state: Exploration) => boolean, expected: string, got: string): void {
  const state = inbox.state;
  const why = state === null ? 'it is still preparing' : isOver(state) ? 'its search is over' : rule(state) ? null : got;
  if (why !== null) throw ApplicationFailure.nonRetryable(`update: expected ${expected}, but ${why}`, 'UpdateRefused');
}

function isOver(state: Exploration): boolean {
  return state.phase === 'confirming' || state.phase === 'testing' || state.phase === 'finished';
}
