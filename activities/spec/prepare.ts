import type { Plan } from '../../domain/plan.js';
import { sha256Hex } from '../../domain/stage.js';
import type { OrchestratorActivities, PrepareInput } from '../../workflows/activities.js';
import { PUBLIC_HUB, type HubAccess } from '../hub/access.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { baselinesOf } from './baselines.js';
import { importClean } from './cleanSources.js';
import type { Fault } from './faults.js';
import { withPins } from './hubSources.js';
import { withContamination } from './gateRecord.js';
import { inheriting, writeInherited } from './inherit.js';
import { invalidSpec } from './invalidSpec.js';
import { resolvePlan } from './resolve.js';
import type { Sources } from './sources.js';
import { checkSpec, parseSpec } from './spec.js';

export interface PrepareDependencies {
  readonly store: Store;
  /** Relative paths of a spec that came as plain JSON are taken from here; the working folder by default. */
  readonly root?: string;
  /** Where models and datasets of a hub come from; the public one without a token by default. */
  readonly hub?: HubAccess;
}

/** Checks a spec, imports what it names, and resolves the plan. A retry, or a second call, gives the first one's plan. */
export function createPrepare({
  store,
  root = process.cwd(),
  hub = PUBLIC_HUB,
}: PrepareDependencies): OrchestratorActivities['prepare'] {
  return async (input) => {
    const plan = await firstPlan({ store, root, hub }, input);
    const { trials, stages } = baselinesOf(plan);
    const inherited = plan.inherited === undefined ? null : await writeInherited(store, plan, trials);
    for (const { stageId, stage } of [
      ...stages,
      ...(plan.rewardModel === undefined ? [] : [plan.rewardModel]),
    ])
      await store.putIfAbsent(keys.stage(stageId), JSON.stringify(stage));
    await pointName(store, plan, input.workflowId);
    return { plan, baselines: trials, ...(inherited === null ? {} : { inherited }) };
  };
}

/** The plan of an exploration, from the store. */
export async function loadPlan(store: Store, explorationId: string): Promise<Plan> {
  const plan = await planOf(store, explorationId);
  if (plan === null) throw new Error(`plan of ${explorationId}: expected in ${store.location}, got none`);
  return plan;
}

async function firstPlan(
  { store, root, hub }: Required<PrepareDependencies>,
  { spec: value, firstRunId }: PrepareInput,
): Promise<Plan> {
  const parsed = parseSpec(value);
  const known = parsed.ok ? await planOf(store, explorationIdOf(parsed.spec.name, firstRunId)) : null;
  if (known !== null) return known;
  const checked = await checkSpec(value, root, hub);
  if (!checked.ok) throw invalidSpec(checked.faults);
  const explorationId = explorationIdOf(checked.spec.name, firstRunId);
  const imported = await importClean(store, { spec: checked.local, files: checked.files });
  const faults = imported.ok ? twinFaults(imported.sources) : imported.faults;
  if (!imported.ok || faults.length > 0) throw invalidSpec(faults);
  const resolved = withPins(resolvePlan(checked.spec, imported.sources, explorationId), checked.pins);
  const gated = await withContamination(store, resolved, imported.record);
  const plan = await inheriting(store, checked.spec, gated);
  await store.putIfAbsent(keys.spec(explorationId), JSON.stringify(checked.spec));
  const wrote = await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
  return wrote ? plan : loadPlan(store, explorationId);
}

/** Run ids begin with the time, so their first digits are no identity: runs of the same minute share them. */
export function explorationIdOf(name: string, firstRunId: string): string {
  return `${name}-${sha256Hex(firstRunId).slice(0, 8)}`;
}

async function planOf(store: Store, explorationId: string): Promise<Plan | null> {
  const text = await store.read(keys.plan(explorationId));
  return text === null ? null : (JSON.parse(text) as Plan);
}

/** The name means this exploration from now on. */
async function pointName(store: Store, { name, explorationId }: Plan, workflowId: string): Promise<void> {
  const now = await store.read(keys.name(name));
  if (now !== null && (JSON.parse(now) as { explorationId: string }).explorationId === explorationId) return;
  const pointer = { explorationId, workflowId, startedAt: new Date().toISOString() };
  await store.replace(keys.name(name), JSON.stringify(pointer));
}

/** Two names of one content would be one object to the search, counted twice. */
function twinFaults({ models, datasets, benchmarks }: Sources): readonly Fault[] {
  return [
    ...repeats('models', models),
    ...repeats('datasets', datasets),
    ...repeats(
      'benchmarks',
      benchmarks.map(({ name, splits }) => ({ name, stageId: splits.search.stageId })),
    ),
  ];
}

function repeats(
  section: string,
  named: readonly { readonly name: string; readonly stageId: string }[],
): readonly Fault[] {
  return named.flatMap(({ name, stageId }, index) => {
    const twin = named.slice(0, index).find((other) => other.stageId === stageId);
    if (twin === undefined) return [];
    const value = `that of ${section}.${twin.name}`;
    return [
      { path: `${section}.${name}`, rule: 'content of its own', value, hint: 'Remove one of the two.' },
    ];
  });
}
