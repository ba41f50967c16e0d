import { ancestorsOf } from '../../domain/data/derivations.js';
import type { Plan } from '../../domain/plan.js';
import { identify, type IdentifiedStage } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { Action, ProposedTrial } from '../../domain/trial.js';
import { usualParameters } from '../../domain/usualParameters.js';

/** What everything later is compared with: the untouched base, then, where there is SFT, SFT on all of its data. */
export function baselinesOf(plan: Plan): {
  readonly trials: readonly ProposedTrial[];
  readonly stages: readonly IdentifiedStage[];
} {
  const [base] = plan.models;
  if (base === undefined) throw new Error('models: expected at least one, got none');
  const untouched: ProposedTrial = {
    trial: 0,
    origin: 'base',
    decision: null,
    action: null,
    stageId: base.stageId,
    label: `base: ${base.name}, untouched`,
  };
  const action = allData(plan, base.stageId);
  if (action === null) return { trials: [untouched], stages: [] };
  const stage = identify(stageOfAction(plan, action));
  const trained: ProposedTrial = {
    trial: 1,
    origin: 'allData',
    decision: null,
    action,
    stageId: stage.stageId,
    label: 'sft on all data',
  };
  return { trials: [untouched, trained], stages: [stage] };
}

function allData(plan: Plan, base: string): Action | null {
  const space = plan.actions.find(({ kind }) => kind === 'sft');
  if (space === undefined || space.datasets.length === 0) return null;
  const parameters = usualParameters(space);
  return { kind: 'sft', models: [base], datasets: originals(plan, space.datasets), parameters };
}

/** A dataset that is made from others among them would bring their rows again. */
function originals(plan: Plan, names: readonly string[]): readonly string[] {
  const derivations = new Map(
    plan.datasets.flatMap(({ name, derivation }) =>
      derivation === undefined ? [] : [[name, derivation.from]],
    ),
  );
  return names.filter((name) => {
    const ancestors = ancestorsOf(derivations, name);
    return !names.some((other) => ancestors.has(other));
  });
}
