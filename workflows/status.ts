import { reservedGpuSeconds } from '../domain/costs.js';
import type { Exploration } from '../domain/exploration.js';
import { NO_RECOVERIES } from '../domain/recoveries.js';
import type { StatusAnswer } from './messages.js';

export function statusOf(state: Exploration): StatusAnswer {
  return {
    explorationId: state.plan.explorationId,
    name: state.plan.name,
    phase: state.phase,
    paused: state.paused,
    stopReason: state.stopReason,
    trials: {
      completed: state.completed,
      failed: state.failed,
      running: state.inFlight.length,
      budget: state.plan.budget.trials,
    },
    inFlight: state.inFlight,
    best: state.top.find((row) => row.feasible) ?? null,
    spend: state.spend,
    recoveries: state.recoveries ?? NO_RECOVERIES,
    queued: state.queued ?? [],
    steering: state.steering ?? [],
    budget: state.plan.budget,
    reservedGpuSeconds: reservedGpuSeconds(state),
    notes: state.plan.notes,
  };
}
