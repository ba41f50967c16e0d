import { BUILD_KINDS } from './stage.js';
import type { TrialRecord } from './trial.js';

/**
 * What each model's whole pipeline takes, by stage id, in GPU-seconds: every build stage that leads to it, once,
 * lost attempts left out, whoever paid for it. Scoring is left out too. A given model costs nothing.
 */
export function pipelineCosts(rows: readonly TrialRecord[]): ReadonlyMap<string, number> {
  const parents = new Map<string, readonly string[]>();
  const own = new Map<string, number>();
  for (const { stageId, action, stages } of rows) {
    parents.set(stageId, action?.models ?? []);
    for (const stage of stages)
      if (BUILD_KINDS.some((kind) => kind === stage.kind))
        own.set(stage.stageId, stage.gpuSeconds - stage.lostGpuSeconds);
  }
  const costs = new Map<string, number>();
  for (const { stageId } of rows) {
    const all = ancestry(stageId, parents);
    costs.set(
      stageId,
      [...all].reduce((sum, id) => sum + (own.get(id) ?? 0), 0),
    );
  }
  return costs;
}

/** The stage and all that it is built on. */
function ancestry(stageId: string, parents: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [stageId];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(parents.get(next) ?? []));
  }
  return found;
}
