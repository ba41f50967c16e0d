import type { Action } from '../../domain/trial.js';

/** A trial of a search: what it made, of what, and what that and its scoring took, in GPU-seconds. */
export interface Tried {
  readonly stageId: string;
  /** null: a given model. */
  readonly action: Action | null;
  readonly buildSeconds: number;
  readonly scoreSeconds: number;
}

/** The stages that trials ask for, and those of them that had to be done. Seconds are GPU-seconds. */
export interface Avoided {
  readonly stages: number;
  readonly seconds: number;
  readonly doneStages: number;
  readonly doneSeconds: number;
}

/**
 * What one search asks for, each trial's whole pipeline from the given models and its scoring, against what is left to do
 * where equal stages are done once. `known`: what the store holds already; grows by what is done.
 */
export function avoidedBy(trials: readonly Tried[], known: Set<string>): Avoided {
  const byId = new Map(trials.map((trial) => [trial.stageId, trial]));
  const total = { stages: 0, seconds: 0, doneStages: 0, doneSeconds: 0 };
  const ask = (id: string, seconds: number): void => {
    total.stages += 1;
    total.seconds += seconds;
    if (known.has(id)) return;
    known.add(id);
    total.doneStages += 1;
    total.doneSeconds += seconds;
  };
  for (const trial of trials) {
    for (const stageId of pipelineOf(byId, trial.stageId)) ask(stageId, byId.get(stageId)?.buildSeconds ?? 0);
    ask(`score of ${trial.stageId}`, trial.scoreSeconds);
  }
  return total;
}

/** The builds that lead to a model, each once, parents first. */
export function pipelineOf(trials: ReadonlyMap<string, Tried>, stageId: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    const action = trials.get(id)?.action ?? null;
    if (action === null || found.has(id)) return;
    action.models.forEach(visit);
    found.add(id);
  };
  visit(stageId);
  return found;
}
