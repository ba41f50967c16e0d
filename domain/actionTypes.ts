import type { ActionType } from './actionTypes/actionType.js';
import { CPO } from './actionTypes/cpo.js';
import { DISTIL } from './actionTypes/distil.js';
import { DPO } from './actionTypes/dpo.js';
import { GRPO } from './actionTypes/grpo.js';
import { KTO } from './actionTypes/kto.js';
import { MERGE } from './actionTypes/merge.js';
import { ON_POLICY_DPO } from './actionTypes/onPolicyDpo.js';
import { ORPO } from './actionTypes/orpo.js';
import { REWARD_MODEL } from './actionTypes/rewardModel.js';
import { RFT } from './actionTypes/rft.js';
import { SFT } from './actionTypes/sft.js';
import { BUILD_KINDS, type BuildKind, type ScorerKind } from './stage.js';

export type { ActionType, ParameterType } from './actionTypes/actionType.js';
export { MERGE_METHODS, type MergeMethod } from './actionTypes/merge.js';

/** Everything about each action type, once: a file each in `actionTypes/`. */
export const ACTION_TYPES: Readonly<Record<BuildKind, ActionType>> = {
  sft: SFT,
  dpo: DPO,
  kto: KTO,
  orpo: ORPO,
  cpo: CPO,
  distil: DISTIL,
  rft: RFT,
  onPolicyDpo: ON_POLICY_DPO,
  grpo: GRPO,
  merge: MERGE,
};

/** Action types that train on data. */
export const TRAINING_KINDS: readonly BuildKind[] = BUILD_KINDS.filter(
  (kind) => ACTION_TYPES[kind].data.length > 0,
);

/** Everything that trains: what actions do, and what stands beside the pool. */
export const TRAININGS: readonly ActionType<BuildKind | ScorerKind>[] = [
  ...TRAINING_KINDS.map((kind) => ACTION_TYPES[kind]),
  REWARD_MODEL,
];

/** Whether it trains on data; false for sources and evaluations too. */
export function isTrainingKind(kind: string): kind is BuildKind {
  return TRAINING_KINDS.some((one) => one === kind);
}
