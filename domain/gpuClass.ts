import type { MemoryNeed } from './memory.js';
import type { Attempt } from './outcome.js';
import { BUILD_KINDS, type StageKind } from './stage.js';

/** A kind of machine that GPU workers run on; each class has a task queue of its own. */
export interface GpuClass {
  readonly name: string;
  /** Of one device, bytes. */
  readonly memoryBytes: number;
  /** USD for an hour of one device; null: not known. */
  readonly pricePerHour: number | null;
}

/** Names that no class may have: those of queues that there are. `any`: workers of all classes poll it too. */
export const ANY_CLASS = 'any';
export const RESERVED_CLASSES = ['control', ANY_CLASS] as const;

/** Kinds of stages that are sent to GPU workers. */
export const ROUTED_KINDS = [...BUILD_KINDS, 'evaluate'] as const;

/** The classes of a search, and where some kinds of stages begin whatever they need. */
export interface GpuFleet {
  /** By memory, then price, then name: the smallest first. */
  readonly classes: readonly GpuClass[];
  readonly actions: Readonly<Partial<Record<StageKind, string>>>;
}

const SECONDS_PER_HOUR = 3600;

/** The classes that a search's work may go to; null: the one queue of workers without a class. */
export function classNames(fleet: GpuFleet | undefined): readonly (string | null)[] {
  return fleet === undefined ? [null] : fleet.classes.map(({ name }) => name);
}

export function sortedClasses(classes: readonly GpuClass[]): readonly GpuClass[] {
  return [...classes].sort(
    (a, b) =>
      a.memoryBytes - b.memoryBytes ||
      (a.pricePerHour ?? Infinity) - (b.pricePerHour ?? Infinity) ||
      (a.name < b.name ? -1 : 1),
  );
}

/** Bytes of the largest class; Infinity where no class is known. */
export function largestMemory(fleet: GpuFleet | undefined): number {
  return fleet?.classes.at(-1)?.memoryBytes ?? Infinity;
}

/**
 * The classes that a stage is tried on, in this order: where the fleet says, else on the smallest that its forecast
 * fits; then, each time it runs out of memory, on the next larger one. Classes below its floor are left out, unless
 * that leaves none: then the largest says so itself, which costs no GPU time.
 */
export function classesFor(fleet: GpuFleet, kind: StageKind, need: MemoryNeed): readonly GpuClass[] {
  const able = fleet.classes.filter(({ memoryBytes }) => need.floor <= memoryBytes);
  const candidates = able.length > 0 ? able : fleet.classes.slice(-1);
  const first = firstOf(fleet, candidates, { kind, need });
  if (first === undefined) return [];
  return candidates.reduce<readonly GpuClass[]>(
    (chosen, one) => (one.memoryBytes > (chosen.at(-1)?.memoryBytes ?? 0) ? [...chosen, one] : chosen),
    [first],
  );
}

function firstOf(
  { classes, actions }: GpuFleet,
  candidates: readonly GpuClass[],
  { kind, need }: { readonly kind: StageKind; readonly need: MemoryNeed },
): GpuClass | undefined {
  const wanted = classes.find(({ name }) => name === actions[kind]);
  if (wanted === undefined)
    return candidates.find(({ memoryBytes }) => need.about <= memoryBytes) ?? candidates.at(-1);
  if (candidates.includes(wanted)) return wanted;
  return candidates.find(({ memoryBytes }) => memoryBytes >= wanted.memoryBytes) ?? candidates.at(-1);
}

/** What attempts cost, in USD: those on classes with a price. Null: none of them has one. */
export function usdOfAttempts(fleet: GpuFleet | undefined, attempts: readonly Attempt[]): number | null {
  const costs = attempts.flatMap(({ gpuClass, gpuSeconds }) => {
    const price = fleet?.classes.find(({ name }) => name === gpuClass)?.pricePerHour ?? null;
    return price === null ? [] : [(gpuSeconds / SECONDS_PER_HOUR) * price];
  });
  return costs.length === 0 ? null : costs.reduce((total, one) => total + one, 0);
}

/** USD that a GPU-second costs at the most; 0 where no class has a price. */
export function highestUsdPerSecond(fleet: GpuFleet | undefined): number {
  return Math.max(0, ...(fleet?.classes ?? []).map((one) => (one.pricePerHour ?? 0) / SECONDS_PER_HOUR));
}
