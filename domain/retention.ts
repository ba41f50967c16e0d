import { isFull } from './fidelity.js';
import type { Plan } from './plan.js';
import { ranking } from './ranking.js';
import type { ExplorationResult } from './result.js';
import { BUILD_KINDS, SCORER_KINDS, SOURCE_KINDS } from './stage.js';
import { trialName, type TrialRecord } from './trial.js';

/** A published object: what it takes, and since when it is there (ISO 8601). */
export interface StoredObject {
  readonly stageId: string;
  readonly bytes: number;
  readonly publishedAt: string;
}

/** `kind`: the stage's kind of the manifest; null: small, so the manifest was not read. */
export interface Candidate extends StoredObject {
  readonly kind: string | null;
}

/** What retention reads of a ledger row. */
export type RetentionRow = Pick<
  TrialRecord,
  'trial' | 'origin' | 'stageId' | 'score' | 'feasible' | 'action' | 'endedAt' | 'intervention' | 'fidelity'
>;

/** What an exploration says of the objects. */
export interface KnownExploration {
  readonly plan: Pick<Plan, 'name' | 'finalists'>;
  readonly rows: readonly RetentionRow[];
  readonly result: ExplorationResult | null;
  /** Neither finished nor ended: it may still ask for its best models and for what its trials in flight need. */
  readonly isOpen: boolean;
  /** Stage ids that its trials in flight need, with the name of one such trial. */
  readonly needed: ReadonlyMap<string, string>;
}

export interface RetentionRules {
  /** What all objects together may take; null: no bound, nothing goes. */
  readonly budgetBytes: number | null;
  /** The best trials of each exploration whose models are kept. */
  readonly keep: number;
  /** Objects up to this size are kept: adapters, rows of scores. */
  readonly smallBytes: number;
  /** Objects younger than this are kept: what they are for may not be on record yet. */
  readonly graceMs: number;
  /** ISO 8601. */
  readonly now: string;
}

export type KeepReason =
  'needed' | 'champion' | 'finalist' | 'top' | 'source' | 'scores' | 'unknown' | 'small' | 'young' | 'room';

export interface KeptObject {
  readonly object: StoredObject;
  readonly reason: KeepReason;
  /** For people: `trial t0007 of NAME in flight`. */
  readonly why: string;
}

export interface RetentionPlan {
  readonly kept: readonly KeptObject[];
  /** In the order in which they go: the one whose last use is longest ago first. */
  readonly removed: readonly StoredObject[];
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Default of `keep`. */
export const KEEP = 3;
/** Default of the grace time, as people write it. */
export const GRACE = '10m';
const SMALL_BYTES = 64 * 2 ** 20;

/** Up to 64 MiB, an adapter's size, but never more than a hundredth of the budget: small things are kept for good. */
export function smallBytesFor(budgetBytes: number | null): number {
  return budgetBytes === null ? SMALL_BYTES : Math.min(SMALL_BYTES, Math.floor(budgetBytes / 100));
}

/** Which objects stay and why, and which go, until the rest fits the budget. Only what a recipe can rebuild goes. */
export function planRetention(
  objects: readonly Candidate[],
  explorations: readonly KnownExploration[],
  rules: RetentionRules,
): RetentionPlan {
  const claims = claimsOf(explorations, rules.keep);
  const uses = lastUses(explorations);
  const bytesBefore = objects.reduce((sum, { bytes }) => sum + bytes, 0);
  const kept: KeptObject[] = [];
  const spare: Candidate[] = [];
  for (const object of objects) {
    const claim = claims.get(object.stageId) ?? ownClaim(object, rules);
    if (claim === null) spare.push(object);
    else kept.push({ object, ...claim });
  }
  const lastUse = ({ stageId, publishedAt }: Candidate): number =>
    Math.max(Date.parse(publishedAt), uses.get(stageId) ?? 0);
  spare.sort((a, b) => lastUse(a) - lastUse(b) || (a.stageId < b.stageId ? -1 : 1));
  let bytesAfter = bytesBefore;
  const removed: StoredObject[] = [];
  for (const object of spare) {
    if (rules.budgetBytes === null || bytesAfter <= rules.budgetBytes) {
      kept.push({ object, reason: 'room', why: 'within the budget' });
      continue;
    }
    removed.push(object);
    bytesAfter -= object.bytes;
  }
  return { kept, removed, bytesBefore, bytesAfter };
}

type Claim = Omit<KeptObject, 'object'>;

/** What explorations ask to be kept; the strongest reason of each object. */
function claimsOf(explorations: readonly KnownExploration[], keep: number): ReadonlyMap<string, Claim> {
  const claims = new Map<string, Claim>();
  const claim = (stageId: string, reason: KeepReason, why: string): void => {
    if (!claims.has(stageId)) claims.set(stageId, { reason, why });
  };
  for (const { plan, needed } of explorations)
    for (const [stageId, trial] of needed)
      claim(stageId, 'needed', `trial ${trial} of ${plan.name}, in flight`);
  for (const { plan, rows, result } of explorations)
    for (const row of rows)
      if (row.trial === result?.champion)
        claim(row.stageId, 'champion', `champion ${trialName(row.trial)} of ${plan.name}`);
  for (const one of explorations)
    for (const row of finalistsOf(one))
      claim(row.stageId, 'finalist', `finalist ${trialName(row.trial)} of ${one.plan.name}`);
  for (const { plan, rows, isOpen } of explorations)
    for (const row of rows)
      if (isOpen && row.origin === 'allData' && row.score !== null)
        claim(row.stageId, 'finalist', `SFT on all data of ${plan.name}, scored with the finalists`);
  for (const { plan, rows } of explorations)
    for (const [index, row] of ranking(rows).slice(0, keep).entries())
      claim(row.stageId, 'top', `number ${String(index + 1)} of ${plan.name} (${trialName(row.trial)})`);
  return claims;
}

/** The recorded finalists, or, while the search is open, those it would choose now. */
function finalistsOf({ plan, rows, result, isOpen }: KnownExploration): readonly RetentionRow[] {
  if (result !== null) {
    const trials = new Set(result.confirmation.finalists.map(({ trial }) => trial));
    return rows.filter(({ trial }) => trials.has(trial));
  }
  if (!isOpen) return [];
  return ranking(rows)
    .filter((row) => row.feasible && row.trial !== 0 && isFull(row))
    .slice(0, plan.finalists);
}

/** Why an object stays by what it is itself; null when it may go. */
function ownClaim({ kind, bytes, publishedAt }: Candidate, rules: RetentionRules): Claim | null {
  if (kind === null || bytes <= rules.smallBytes) return { reason: 'small', why: 'small' };
  if (kind === 'evaluate')
    return { reason: 'scores', why: 'scores: small, and their items are paired later' };
  if (SOURCE_KINDS.some((one) => one === kind))
    return { reason: 'source', why: `imported ${kind}: no recipe rebuilds it` };
  if (![...BUILD_KINDS, ...SCORER_KINDS].some((one) => one === kind))
    return { reason: 'unknown', why: `its kind, ${kind}, is not known here` };
  if (Date.parse(rules.now) - Date.parse(publishedAt) < rules.graceMs)
    return { reason: 'young', why: `published at ${publishedAt}` };
  return null;
}

/** When a recorded trial last made, found or built on an object, in ms since 1970. */
function lastUses(explorations: readonly KnownExploration[]): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const { rows } of explorations)
    for (const { stageId, action, endedAt } of rows)
      for (const used of [stageId, ...(action?.models ?? [])])
        uses.set(used, Math.max(uses.get(used) ?? 0, Date.parse(endedAt)));
  return uses;
}
