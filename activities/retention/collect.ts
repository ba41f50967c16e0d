import {
  planRetention,
  type Candidate,
  type KnownExploration,
  type RetentionPlan,
  type RetentionRules,
  type StoredObject,
} from '../../domain/retention.js';
import { severalAtOnce } from '../store/severalAtOnce.js';
import type { Leftover, Store } from '../store/store.js';
import type { KnownReader } from './known.js';

/** Leftovers of dead processes go when nothing changed in them for a day. */
export const LEFTOVER_AGE_MS = 86_400_000;

export interface CollectOptions {
  readonly rules: Omit<RetentionRules, 'now'>;
  readonly known: KnownReader;
  /** Only look. */
  readonly dryRun?: boolean;
  /** Stops between two objects. */
  readonly signal?: AbortSignal;
}

export interface Collected extends Omit<RetentionPlan, 'removed'> {
  /** What went, or would go. */
  readonly removed: readonly StoredObject[];
  /** What was asked for at the last moment, so it stayed. */
  readonly spared: readonly StoredObject[];
}

/** Brings the store under its budget: plans what may go, then takes it away one by one, each only if it is still free. */
export async function collect(store: Store, options: CollectOptions): Promise<Collected> {
  const rules = { ...options.rules, now: new Date().toISOString() };
  const objects = await store.objects();
  const published = new Set(objects.map(({ stageId }) => stageId));
  const candidates = await severalAtOnce(objects, (object) => candidateOf(store, object, rules));
  const known = await options.known.load((stageId) => Promise.resolve(published.has(stageId)));
  const plan = planRetention(candidates, known, rules);
  if (options.dryRun === true) return { ...plan, spared: [] };
  const removed: StoredObject[] = [];
  const spared: StoredObject[] = [];
  for (const object of plan.removed) {
    if (options.signal?.aborted === true) break;
    const isFree = () => stillFree(store, object, { known: options.known, rules });
    const gone = await store.remove(object.stageId, isFree);
    (gone ? removed : spared).push(object);
  }
  const freed = removed.reduce((sum, { bytes }) => sum + bytes, 0);
  return { ...plan, removed, spared, bytesAfter: plan.bytesBefore - freed };
}

/**
 * Asked while the object is out of sight. A trial decided on before this moment is seen here; one decided on after it
 * finds the object missing and makes it again. So no trial starts on a model that then goes.
 */
async function stillFree(
  store: Store,
  object: StoredObject,
  { known, rules }: { readonly known: KnownReader; readonly rules: RetentionRules },
): Promise<boolean> {
  const isThere = async (stageId: string) => (await store.manifest(stageId)) !== null;
  const explorations: readonly KnownExploration[] = await known.load(isThere);
  const candidate = { ...object, kind: 'sft' };
  return planRetention([candidate], explorations, { ...rules, budgetBytes: 0 }).removed.length === 1;
}

/** Small objects stay whatever they are, so their manifests need not be read. */
async function candidateOf(store: Store, object: StoredObject, rules: RetentionRules): Promise<Candidate> {
  if (object.bytes <= rules.smallBytes) return { ...object, kind: null };
  try {
    return { ...object, kind: (await store.manifest(object.stageId))?.kind ?? 'gone' };
  } catch {
    return { ...object, kind: 'unreadable' };
  }
}

/** Finds, and unless `dryRun` clears, what processes left behind when they died. */
export async function sweepLeftovers(
  store: Store,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<readonly Leftover[]> {
  const found = await store.leftovers(new Date(Date.now() - LEFTOVER_AGE_MS));
  if (!dryRun) for (const leftover of found) await store.sweep(leftover);
  return found;
}
