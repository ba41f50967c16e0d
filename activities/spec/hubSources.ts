import type { HubPin, Plan } from '../../domain/plan.js';
import { HubFault, type HubAccess, type Repository } from '../hub/access.js';
import { datasetSnapshot } from '../hub/datasetSnapshot.js';
import { modelSnapshot } from '../hub/modelSnapshot.js';
import { COMMIT, commitOf } from '../hub/repository.js';
import type { Fault } from './faults.js';
import type { Spec } from './schema.js';

export interface HubSources {
  /** With the downloaded files in the place of the repositories. */
  readonly local: Spec;
  /** With the commits in the place of tags and branches. */
  readonly pinned: Spec;
  readonly pins: HubPins;
}
export interface HubPins {
  readonly models: Readonly<Record<string, HubPin>>;
  readonly datasets: Readonly<Record<string, HubPin>>;
}
interface Origin {
  readonly hub?: string | undefined;
  readonly revision?: string | undefined;
}
/** A section of the spec, in its three forms. */
interface Section<T extends Origin> {
  readonly local: Record<string, T>;
  readonly pinned: Record<string, T>;
  readonly pins: Record<string, HubPin>;
}

/** Downloads what the spec names of a hub; what isn't there is a fault. Throws HubUnreachable when the hub doesn't answer. */
export async function fetchHubSources(spec: Spec, access: HubAccess, faults: Fault[]): Promise<HubSources> {
  const models = await section(spec.models, { kind: 'models', access, faults }, async (hub, pin) => ({
    path: await modelSnapshot(hub, { kind: 'models', ...pin }),
  }));
  const datasets = await section(
    spec.datasets,
    { kind: 'datasets', access, faults },
    async (hub, pin, one) => ({
      path: await datasetSnapshot(hub, { kind: 'datasets', ...pin }, one),
      ...(one.shape === undefined ? {} : { shape: one.shape }),
    }),
  );
  return {
    local: { ...spec, models: models.local, datasets: datasets.local },
    pinned: { ...spec, models: models.pinned, datasets: datasets.pinned },
    pins: { models: models.pins, datasets: datasets.pins },
  };
}

interface Where {
  readonly kind: Repository['kind'];
  readonly access: HubAccess;
  readonly faults: Fault[];
}

async function section<T extends Origin>(
  entries: Readonly<Record<string, T>>,
  { kind, access, faults }: Where,
  bring: (hub: HubAccess, pin: HubPin, entry: T) => Promise<NoInfer<T>>,
): Promise<Section<T>> {
  const made: Section<T> = { local: {}, pinned: {}, pins: {} };
  for (const [name, entry] of Object.entries(entries)) {
    made.local[name] = made.pinned[name] = entry;
    if (entry.hub === undefined) continue;
    try {
      const pin = await pinOf(access, kind, { ...entry, hub: entry.hub });
      made.pins[name] = pin;
      made.pinned[name] = { ...entry, revision: pin.commit };
      made.local[name] = await bring(access, pin, entry);
    } catch (error) {
      if (!(error instanceof HubFault)) throw error;
      const { rule, value, hint } = error;
      faults.push({ path: `${kind}.${name}.hub`, rule, value: `${entry.hub}: ${value}`, hint });
    }
  }
  return made;
}

async function pinOf(
  access: HubAccess,
  kind: Repository['kind'],
  { hub: id, revision }: { readonly hub: string; readonly revision?: string | undefined },
): Promise<HubPin> {
  const isCommit = revision !== undefined && COMMIT.test(revision);
  const commit = isCommit ? revision : await commitOf(access, { kind, id }, revision);
  return { id, commit, revision: revision ?? null };
}

/** The plan with the commits that were taken, and a note of each that the spec didn't name. */
export function withPins(plan: Plan, { models, datasets }: HubPins): Plan {
  const pinned = <T extends { readonly name: string }>(
    all: readonly T[],
    pins: HubPins['models'],
  ): readonly T[] => all.map((one) => (pins[one.name] === undefined ? one : { ...one, hub: pins[one.name] }));
  const notes = Object.entries({ models, datasets }).flatMap(([kind, pins]) =>
    Object.entries(pins)
      .filter(([, { commit, revision }]) => revision !== commit)
      .map(
        ([name, { id, commit, revision }]) =>
          `${kind}.${name}: ${id} was taken at commit ${commit} (${revision ?? 'no revision named: main'})`,
      ),
  );
  return {
    ...plan,
    models: pinned(plan.models, models),
    datasets: pinned(plan.datasets, datasets),
    notes: [...plan.notes, ...notes],
  };
}
