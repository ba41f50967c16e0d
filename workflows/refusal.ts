import { ApplicationFailure } from '@temporalio/workflow';
import type { Exploration } from '../domain/exploration.js';
import type { Inbox } from './inbox.js';

/** Throws unless `got` is null; it says what stands against the update. */
export type Refuse = (expected: string, got: (state: Exploration) => string | null) => void;

/** Validators are synchronous: an asynchronous one never rejects. Only failures of this type may leave a handler. */
export function refused(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`update: ${message}`, 'UpdateRefused');
}

export function refusal(inbox: Inbox): Refuse {
  return (expected, got) => {
    const why =
      inbox.state === null
        ? 'it is still preparing'
        : isOver(inbox.state)
          ? 'its search is over'
          : got(inbox.state);
    if (why !== null) throw refused(`expected ${expected}, but ${why}`);
  };
}

function isOver(state: Exploration): boolean {
  return state.phase === 'confirming' || state.phase === 'testing' || state.phase === 'finished';
}
