import { setHandler } from '@temporalio/workflow';
import { faultOfText } from '../domain/personText.js';
import type { Inbox } from './inbox.js';
import { DESCRIPTIONS, pauseUpdate, resumeUpdate, stopUpdate, type Reason } from './messages.js';
import { refusal, type Refuse } from './refusal.js';

/** pause, resume, stop. */
export function listenToPeople(inbox: Inbox): void {
  const refuse = refusal(inbox);
  setHandler(
    pauseUpdate,
    () => {
      inbox.update((state) => ({ ...state, paused: true }));
      return 'paused: trials in flight go on, no new one starts';
    },
    {
      description: DESCRIPTIONS.pause,
      validator: (reason: Reason | null | undefined) => mayPause(refuse, reason),
    },
  );
  setHandler(
    resumeUpdate,
    () => {
      inbox.update((state) => ({ ...state, paused: false }));
      return 'resumed';
    },
    {
      description: DESCRIPTIONS.resume,
      validator: () => {
        refuse('a paused exploration', (state) => (state.paused ? null : 'it is not paused'));
      },
    },
  );
  setHandler(
    stopUpdate,
    (given: Reason | null | undefined) => {
      const stopReason = `stopped: ${given?.reason ?? 'by request'}`;
      inbox.update((state) => ({ ...state, paused: false, stopReason }));
      return 'stopping: trials in flight are cancelled, then the finalists are confirmed';
    },
    {
      description: DESCRIPTIONS.stop,
      validator: (reason: Reason | null | undefined) => mayStop(refuse, reason),
    },
  );
}

function mayPause(refuse: Refuse, reason: Reason | null | undefined): void {
  refuse('a running exploration', (state) =>
    state.paused ? 'it is paused already' : state.stopReason === null ? null : 'it is stopping',
  );
  refuse('a reason of some words', () => faultOfReason(reason));
}

function mayStop(refuse: Refuse, reason: Reason | null | undefined): void {
  refuse('a running exploration', (state) => (state.stopReason === null ? null : 'it is stopping already'));
  refuse('a reason of some words', () => faultOfReason(reason));
}

function faultOfReason(given: Reason | null | undefined): string | null {
  return given?.reason === undefined ? null : faultOfText('reason', given.reason);
}
