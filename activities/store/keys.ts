import { trialName } from '../../domain/trial.js';

const six = (n: number): string => String(n).padStart(6, '0');

/** All keys of the store in one place; `../../docs/` describes the layout. */
export const keys = {
  /** Points a name at its current exploration: `{explorationId, workflowId, startedAt}`. */
  name: (name: string) => `names/${name}.json`,
  /** The recipe of a stage. */
  stage: (stageId: string) => `stages/${stageId}.json`,
  /** What a model was made with when it was last made: a MadeWith. The GPU worker writes it. */
  made: (stageId: string) => `made/${stageId}.json`,
  /** How the training of a stage went: a TrainingCurve. The GPU worker writes it; it stays when the model is collected. */
  curve: (stageId: string) => `curves/${stageId}.json`,
  /** What the weights of a stage's model were when a trial of it was first booked: `{weightsSha256, trial}`. */
  weights: (stageId: string) => `weights/${stageId}.json`,
  /** The spec as it was started, with absolute paths: what a fork begins from. */
  spec: (explorationId: string) => `ledger/${explorationId}/spec.json`,
  /** One act of a person: an Intervention. */
  intervention: (explorationId: string, number: number) =>
    `ledger/${explorationId}/interventions/${six(number)}.json`,
  interventions: (explorationId: string) => `ledger/${explorationId}/interventions`,
  plan: (explorationId: string) => `ledger/${explorationId}/plan.json`,
  /** What the contamination gate found, by its own hash, so that the plan names the record that it was made with. */
  contamination: (explorationId: string, sha256: string) =>
    `ledger/${explorationId}/contamination/${sha256.slice(0, 16)}.json`,
  /** One ledger row: a TrialRecord. */
  row: (explorationId: string, sequence: number) => `ledger/${explorationId}/rows/${six(sequence)}.json`,
  rows: (explorationId: string) => `ledger/${explorationId}/rows`,
  confirmation: (explorationId: string) => `ledger/${explorationId}/confirmation.json`,
  result: (explorationId: string) => `ledger/${explorationId}/result.json`,
  /** Put when the exploration was stopped by hand, failed, or ended without a result: `{state, reason, at}`. */
  ended: (explorationId: string) => `ledger/${explorationId}/ended.json`,
  decision: (explorationId: string, decision: number) => `decisions/${explorationId}/${six(decision)}.json`,
  decisions: (explorationId: string) => `decisions/${explorationId}`,
  /** One LLM exchange of a decision: `{promptSha256, messages, schema, answer, usage, seconds}`. */
  llmCall: (explorationId: string, decision: number, call: number) =>
    `decisions/${explorationId}/calls/${six(decision)}-${String(call).padStart(2, '0')}.json`,
  /** What a decision asks the sampler: a SuggestRequest. */
  suggestRequest: (explorationId: string, decision: number, requestSha256: string) =>
    `decisions/${explorationId}/requests/${six(decision)}-${requestSha256.slice(0, 8)}.json`,
  /** The test split was opened: an Opening; number 0 is the proper one, later ones were forced. */
  openings: (explorationId: string) => `ledger/${explorationId}/opened`,
  opening: (explorationId: string, number: number) => `ledger/${explorationId}/opened/${six(number)}.json`,
  finalRows: (explorationId: string, split: string) => `ledger/${explorationId}/${split}`,
  finalRow: (explorationId: string, split: string, trial: number) =>
    `ledger/${explorationId}/${split}/${trialName(trial)}.json`,
  /** A scale study of an exploration: what it compares (ScalePlan), its models' results, its own result. */
  scalePlan: (explorationId: string, label: string) => `ledger/${explorationId}/scale-plans/${label}.json`,
  scalePlans: (explorationId: string) => `ledger/${explorationId}/scale-plans`,
  scaleRow: (explorationId: string, label: string, job: string) =>
    `ledger/${explorationId}/scale-rows/${label}/${job}.json`,
  scaleRows: (explorationId: string, label: string) => `ledger/${explorationId}/scale-rows/${label}`,
  scale: (explorationId: string, label: string) => `ledger/${explorationId}/scale/${label}.json`,
} as const;
