import { ACTION_TYPES, type ParameterType } from '../../domain/actionTypes.js';
import { applies, roundTo3Digits, type ParameterValues } from '../../domain/parameterSpace.js';
import type { ParameterSpace, Plan } from '../../domain/plan.js';
import { identify, type IdentifiedStage } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { Action, ProposedTrial } from '../../domain/trial.js';

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
  const parameters = ACTION_TYPES.sft.parameters.reduce<ParameterValues>((values, type) => {
    const allowed = space.parameters[type.name];
    if (allowed === undefined || !applies(type, values)) return values;
    return { ...values, [type.name]: usualOf(type, allowed) };
  }, {});
  return { kind: 'sft', models: [base], datasets: space.datasets, parameters };
}

/** The table's default where the search allows it; else the middle of a range or of listed numbers, or the first text. */
function usualOf({ default: usual, type }: ParameterType, space: ParameterSpace): number | string {
  if (space.kind === 'choices') {
    if (space.values.includes(usual)) return usual;
    const values = type === 'choice' ? space.values : [...space.values].sort((a, b) => Number(a) - Number(b));
    return values[type === 'choice' ? 0 : Math.floor((values.length - 1) / 2)] ?? usual;
  }
  const { low, high, scale, integer } = space;
  if (typeof usual === 'number' && usual >= low && usual <= high) return usual;
  const middle = scale === 'log' ? Math.sqrt(low * high) : (low + high) / 2;
  return Math.min(high, Math.max(low, integer ? Math.round(middle) : roundTo3Digits(middle)));
}
