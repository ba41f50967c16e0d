import { inheritRows, inheritedOf, type Inherited, type InheritedRows } from '../../domain/inheritance.js';
import type { Inheritance, Plan } from '../../domain/plan.js';
import { trialName, type ProposedTrial, type TrialRecord } from '../../domain/trial.js';
import { putOnce } from '../ledger/activities.js';
import { listNames, loadPointer, loadRows } from '../ledger/read.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { baselinesOf } from './baselines.js';
import { didYouMean, type Fault } from './faults.js';
import { invalidSpec } from './invalidSpec.js';
import type { Spec } from './schema.js';

/** Rows written at once. */
const WRITES_AT_ONCE = 32;

interface Source {
  readonly plan: Plan;
  readonly rows: readonly TrialRecord[];
}

/** The plan with the pinned reference to the ledger it begins with. Throws InvalidSpec with what can't be inherited. */
export async function inheriting(store: Store, { inherit }: Spec, plan: Plan): Promise<Plan> {
  if (inherit === undefined) return plan;
  const source = await sourceOf(store, inherit.from);
  const rows = upTo(source.rows, inherit.through);
  const { trials } = baselinesOf(plan);
  const { rows: kept, leftOut } = inheritRows(plan, trials, { plan: source.plan, rows });
  if (kept[0]?.origin !== 'base' || kept[0].status !== 'completed')
    throw invalidSpec([baseFault(inherit.from, leftOut)]);
  const { name, explorationId } = source.plan;
  const inherited = { name, explorationId, rows: rows.length, kept: kept.length, leftOut };
  return { ...plan, inherited, notes: [...plan.notes, ...leftOut.map((one) => noteOf(name, one))] };
}

/** Writes the rows that the plan names; written before by an earlier try, they are the same. */
export async function writeInherited(
  store: Store,
  plan: Plan,
  baselines: readonly ProposedTrial[],
): Promise<Inherited> {
  const taken = await takenRows(store, plan, baselines);
  for (let start = 0; start < taken.rows.length; start += WRITES_AT_ONCE)
    await Promise.all(
      taken.rows
        .slice(start, start + WRITES_AT_ONCE)
        .map((row) => putOnce(store, keys.row(plan.explorationId, row.sequence), JSON.stringify(row))),
    );
  return inheritedOf(plan, baselines, taken);
}

/** Follows from the plan and the source's immutable rows alone. */
async function takenRows(
  store: Store,
  plan: Plan,
  baselines: readonly ProposedTrial[],
): Promise<InheritedRows> {
  const { explorationId, rows: count } = plan.inherited ?? { explorationId: '', rows: 0 };
  const source = await readSource(store, explorationId);
  if (source === null) throw new Error(`ledger of ${explorationId}: expected in ${store.location}, got none`);
  return inheritRows(plan, baselines, { plan: source.plan, rows: source.rows.slice(0, count) });
}

/** By name, which means the newest exploration of that name, or by id. */
async function sourceOf(store: Store, from: string): Promise<Source> {
  const pointer = await loadPointer(store, from);
  const source = await readSource(store, pointer?.explorationId ?? from);
  if (source !== null) return source;
  const hint = didYouMean(from, await listNames(store));
  throw invalidSpec([
    { path: 'inherit.from', rule: `an exploration of ${store.location}`, value: from, hint },
  ]);
}

async function readSource(store: Store, explorationId: string): Promise<Source | null> {
  const text = await store.read(keys.plan(explorationId));
  if (text === null) return null;
  return { plan: JSON.parse(text) as Plan, rows: await loadRows(store, explorationId) };
}

function upTo(rows: readonly TrialRecord[], through: string | undefined): readonly TrialRecord[] {
  if (through === undefined) return rows;
  const last = rows.findIndex(({ trial }) => trialName(trial) === through);
  if (last >= 0) return rows.slice(0, last + 1);
  const names = rows.map(({ trial }) => trialName(trial));
  const hint = names.length === 0 ? 'It has no result yet.' : didYouMean(through, names);
  throw invalidSpec([{ path: 'inherit.through', rule: 'a trial with a result there', value: through, hint }]);
}

/** Without the base's scores nothing can be compared, so nothing can be inherited. */
function baseFault(from: string, leftOut: Inheritance['leftOut']): Fault {
  const reasons = leftOut.map(({ reason, rows }) => `${reason} (${String(rows)} trials)`).join('; ');
  return {
    path: 'inherit.from',
    rule: 'an exploration with the same base model, scored by the same benchmarks',
    value: `${from}: ${reasons === '' ? 'no trial yet' : reasons}`,
    hint: 'Leave inherit out to begin from nothing; what is in the store is reused all the same.',
  };
}

function noteOf(name: string, { reason, rows }: Inheritance['leftOut'][number]): string {
  return `inherit: ${String(rows)} trials of ${name} are left out: ${reason}`;
}
