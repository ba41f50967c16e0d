import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import type { Json, JsonObject } from './json.js';

/** Stages whose object is imported from the user's files; they have no inputs and cost nothing. */
export const SOURCE_KINDS = ['model', 'dataset', 'benchmark', 'rewardFunction'] as const;
/** Stages that make a new model. */
export const BUILD_KINDS = [
  'sft',
  'dpo',
  'kto',
  'orpo',
  'cpo',
  'distil',
  'rft',
  'onPolicyDpo',
  'grpo',
  'merge',
] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];
export type BuildKind = (typeof BUILD_KINDS)[number];
/** Stages that make a model which only scores answers: it joins no pool, and no action makes it. */
export const SCORER_KINDS = ['rewardModel'] as const;
export type ScorerKind = (typeof SCORER_KINDS)[number];
export type StageKind = SourceKind | BuildKind | ScorerKind | 'evaluate';

/** The meaning of a kind's parameters; raised when the same parameters would give other bytes. */
export const RECIPE_VERSIONS: Readonly<Record<StageKind, number>> = {
  model: 1,
  dataset: 1,
  benchmark: 1,
  rewardFunction: 1,
  sft: 1,
  dpo: 1,
  kto: 1,
  orpo: 1,
  cpo: 1,
  distil: 1,
  rft: 1,
  onPolicyDpo: 1,
  grpo: 1,
  merge: 1,
  rewardModel: 1,
  evaluate: 1,
};

/**
 * One unit of work as a frozen value. Equal values have equal ids and are therefore done, and paid, once.
 * `inputs` maps a role (`model`, `models`, `teacher`, `base`, `reward`, `data`, `benchmark`) to ids of stages, in a meaningful order.
 */
export interface Stage {
  readonly kind: StageKind;
  readonly recipeVersion: number;
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  readonly parameters: JsonObject;
  /** Decimal digits; a string, since integers over 2^53 do not survive JSON. */
  readonly seed: string;
}

/** A stage and the id it has. */
export interface IdentifiedStage {
  readonly stageId: string;
  readonly stage: Stage;
}

/** RFC 8785 canonical JSON. Throws on values JSON does not have (NaN, undefined, functions). */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('canonical JSON: expected a JSON value, got undefined');
  return text;
}

/** Lower-case hexadecimal SHA-256 of UTF-8 text. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** The stage's id: SHA-256 of its RFC 8785 canonical JSON, 64 hexadecimal digits. */
export function stageIdOf(stage: Stage): string {
  return sha256Hex(canonicalJson(stage as unknown as Json));
}

export function identify(stage: Stage): IdentifiedStage {
  return { stageId: stageIdOf(stage), stage };
}

/** All ids a stage builds on, in a fixed order, without repeats. */
export function inputIds(stage: Stage): readonly string[] {
  const roles = Object.keys(stage.inputs).sort();
  return [...new Set(roles.flatMap((role) => stage.inputs[role] ?? []))];
}

const DATA_ROLES = ['data', 'benchmark'];

/** The ids of the models a stage builds on: those it changes, merges or scores first, then teachers and the like. */
export function modelIds({ inputs }: Pick<Stage, 'inputs'>): readonly string[] {
  const { model = [], models = [], ...others } = inputs;
  const roles = Object.keys(others)
    .filter((role) => !DATA_ROLES.includes(role))
    .sort();
  return [...model, ...models, ...roles.flatMap((role) => others[role] ?? [])];
}

/** Short form of an id for people: its first 8 digits. */
export function shortId(stageId: string): string {
  return stageId.slice(0, 8);
}
