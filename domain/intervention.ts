import type { Budget } from './plan.js';
import type { Action, ProposedTrial } from './trial.js';

/** What a person asks the agent to mind, until it is cleared. `number`: that of its intervention. */
export interface SteeringNote {
  readonly number: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string | null;
  readonly text: string;
}

/** A trial that a person asked for, checked; it gets its number when it starts. */
export interface RequestedTrial {
  readonly action: Action;
  readonly stageId: string;
  readonly label: string;
  /** The failed trial that is tried again, on its own rung; absent in a trial of a person's own. */
  readonly retryOf?: number;
  readonly fidelity?: number;
  readonly recipeId?: string;
}
export interface QueuedTrial extends RequestedTrial {
  readonly intervention: number;
}

interface Act {
  readonly schemaVersion: 1;
  /** From 0, without gaps, in the order in which they were accepted. */
  readonly number: number;
  readonly at: string;
  readonly by: string | null;
}
/** The immutable record of one act by which a person changed a running search. */
export type Intervention =
  | (Act & { readonly kind: 'steer'; readonly text: string })
  | (Act & { readonly kind: 'clear' })
  | (Act & { readonly kind: 'budget'; readonly before: Budget; readonly after: Budget })
  | (Act & { readonly kind: 'propose' | 'retry'; readonly requested: RequestedTrial });
export type InterventionKind = Intervention['kind'];

/** The notes that hold after these acts, oldest first. */
export function notesAfter(acts: readonly Intervention[]): readonly SteeringNote[] {
  return acts.reduce<readonly SteeringNote[]>((notes, act) => {
    if (act.kind === 'clear') return [];
    if (act.kind !== 'steer') return notes;
    const { number, at, by, text } = act;
    return [...notes, { number, at, by, text }];
  }, []);
}

/** The budget that holds after these acts. */
export function budgetAfter(budget: Budget, acts: readonly Intervention[]): Budget {
  return acts.reduce((now, act) => (act.kind === 'budget' ? act.after : now), budget);
}

/** The trial that starts: a person's request under the number that is next. */
export function startedAs({ intervention, ...requested }: QueuedTrial, trial: number): ProposedTrial {
  return { trial, origin: 'proposed', decision: null, ...requested, intervention };
}

/** One line for people. */
export function interventionText(act: Intervention): string {
  const who = `${act.at.slice(0, 16).replace('T', ' ')}${act.by === null ? '' : ` ${act.by}`}`;
  return `#${String(act.number)} ${who}: ${whatWasDone(act)}`;
}

function whatWasDone(act: Intervention): string {
  switch (act.kind) {
    case 'steer':
      return `steer "${act.text}"`;
    case 'clear':
      return 'steering cleared';
    case 'budget':
      return 'budget changed';
    case 'propose':
    case 'retry':
      return `${act.kind} ${act.requested.label}`;
  }
}
