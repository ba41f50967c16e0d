import type { ContaminationRecord } from '../../domain/contamination.js';
import type { DecisionRecord } from '../../domain/decision.js';
import type { Intervention } from '../../domain/intervention.js';
import type { Opening } from '../../domain/opening.js';
import type { Plan, Split } from '../../domain/plan.js';
import type { ExplorationResult } from '../../domain/result.js';
import type { ScalePlan, ScaleResult } from '../../domain/scale.js';
import type { TrialRecord, TrialResult } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import { isKeyPart } from '../store/names.js';
import { severalAtOnce } from '../store/severalAtOnce.js';
import { StoreFault } from '../store/storeFault.js';
import type { Store } from '../store/store.js';

/** What a name points at. */
export interface NamePointer {
  readonly explorationId: string;
  readonly workflowId: string;
  readonly startedAt: string;
}

/** One exploration as the store knows it; no server is needed. */
export interface StoredExploration {
  readonly pointer: NamePointer;
  readonly plan: Plan;
  /** In the order of completion. */
  readonly rows: readonly TrialRecord[];
  /** Models scored again on a later split. */
  readonly finals: readonly FinalRow[];
  readonly decisions: readonly DecisionRecord[];
  /** What people did to the search, in order. */
  readonly interventions: readonly Intervention[];
  readonly result: ExplorationResult | null;
  /** When the test split was opened, by whom and for which models; empty for explorations of 0.1. */
  readonly openings?: readonly Opening[];
  /** Scale studies: what each compares, what its models gave, and, once it is done, what came out. */
  readonly scales: readonly StoredScale[];
  readonly ended: { readonly state: 'stopped' | 'failed'; readonly reason: string } | null;
  /** What the gate found; null where there was none yet. */
  readonly contamination?: ContaminationRecord | null;
}

export interface StoredScale {
  readonly plan: ScalePlan;
  readonly rows: readonly { readonly job: string; readonly result: TrialResult }[];
  readonly result: ScaleResult | null;
}

export interface FinalRow {
  readonly split: Exclude<Split, 'search'>;
  readonly result: TrialResult;
}

/** Characters shown of a record that is none. */
const SHOWN = 40;

export async function readJson<T>(store: Store, key: string): Promise<T | null> {
  const text = await store.read(key);
  return text === null ? null : (parsed(store, key, text) as T);
}

function parsed(store: Store, key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new StoreFault(
      `${key} in ${store.location}: expected JSON, got ${JSON.stringify(text.slice(0, SHOWN))}. ` +
        'Something else wrote to the store: restore the record from a copy.',
    );
  }
}

export async function readAll<T>(store: Store, prefix: string): Promise<readonly T[]> {
  const found = await severalAtOnce(await store.list(prefix), (key) => readJson<T>(store, key));
  return found.filter((one): one is Awaited<T> & NonNullable<T> => one !== null);
}

/** Null for a name that nothing has; one that cannot be a name either is such a one. */
export async function loadPointer(store: Store, name: string): Promise<NamePointer | null> {
  return isKeyPart(`${name}.json`) ? readJson<NamePointer>(store, keys.name(name)) : null;
}

/** The names of all explorations in the store. */
export async function listNames(store: Store): Promise<readonly string[]> {
  return (await store.list('names')).map((key) => key.replace(/^names\//, '').replace(/\.json$/, ''));
}

export async function loadRows(store: Store, explorationId: string): Promise<readonly TrialRecord[]> {
  return readAll<TrialRecord>(store, keys.rows(explorationId));
}

export async function loadOpenings(store: Store, explorationId: string): Promise<readonly Opening[]> {
  return readAll<Opening>(store, keys.openings(explorationId));
}

async function loadFinals(store: Store, explorationId: string): Promise<readonly FinalRow[]> {
  const of = async (split: FinalRow['split']): Promise<readonly FinalRow[]> => {
    const results = await readAll<TrialResult>(store, keys.finalRows(explorationId, split));
    return results.map((result) => ({ split, result }));
  };
  return [...(await of('confirm')), ...(await of('test'))];
}

/** Null for a plan from before the contamination gate. */
async function loadContamination(
  store: Store,
  { explorationId, contamination }: Plan,
): Promise<ContaminationRecord | null> {
  if (contamination === undefined) return null;
  return readJson<ContaminationRecord>(store, keys.contamination(explorationId, contamination.recordSha256));
}

/** In the order of their labels. */
export async function loadScales(store: Store, explorationId: string): Promise<readonly StoredScale[]> {
  const plans = await readAll<ScalePlan>(store, keys.scalePlans(explorationId));
  return Promise.all(
    plans.map(async (plan) => ({
      plan,
      rows: await loadScaleRows(store, plan),
      result: await readJson<ScaleResult>(store, keys.scale(explorationId, plan.label)),
    })),
  );
}

export async function loadScaleRows(
  store: Store,
  { explorationId, label }: Pick<ScalePlan, 'explorationId' | 'label'>,
): Promise<StoredScale['rows']> {
  const listed = await store.list(keys.scaleRows(explorationId, label));
  const rows = await Promise.all(
    listed.map(async (key) => {
      const job = (key.split('/').at(-1) ?? key).replace(/\.json$/, '');
      return { job, result: await readJson<TrialResult>(store, key) };
    }),
  );
  return rows.flatMap(({ job, result }) => (result === null ? [] : [{ job, result }]));
}

/** Null when the store knows no exploration of this name. */
export async function loadExploration(store: Store, name: string): Promise<StoredExploration | null> {
  const pointer = await loadPointer(store, name);
  if (pointer === null) return null;
  const { explorationId } = pointer;
  const plan = await readJson<Plan>(store, keys.plan(explorationId));
  if (plan === null) return null;
  const [rows, finals, decisions, interventions, result, openings, ended, contamination, scales] =
    await Promise.all([
      loadRows(store, explorationId),
      loadFinals(store, explorationId),
      readAll<DecisionRecord>(store, keys.decisions(explorationId)),
      readAll<Intervention>(store, keys.interventions(explorationId)),
      readJson<ExplorationResult>(store, keys.result(explorationId)),
      loadOpenings(store, explorationId),
      readJson<NonNullable<StoredExploration['ended']>>(store, keys.ended(explorationId)),
      loadContamination(store, plan),
      loadScales(store, explorationId),
    ]);
  return {
    ...{ pointer, plan, rows, finals, decisions, interventions, result, openings, ended, contamination },
    scales,
  };
}
