import { BUILD_KINDS } from './stage.js';
import type { TrialRecord } from './trial.js';

/**
 * What each model's whole pipeline takes, by stage id, in GPU-seconds: every build stage that leads to it, once,
 * lost attempts left out, whoever paid for it. Scoring is left out too. A given model costs nothing.
 */
export function pipelineCosts(rows: readonly TrialRecord[]): ReadonlyMap<string, number> {
  const own = new Map<string, number>();
  for (const { stages } of rows)
    for (const stage of stages)
      if (BUILD_KINDS.some((kind) => kind === stage.kind))
        own.set(stage.stageId, stage.gpuSeconds - stage.lostGpuSeconds);
  const lineages = lineagesOf(rows);
  const ids = [...lineages.places.keys()];
  const each = ids.map((id) => own.get(id) ?? 0);
  return new Map(rows.map(({ stageId }) => [stageId, sumOf(each, lineages.of(stageId))]));
}

/** A set of places: bit p % 32 of word p / 32. A long search has many thousands of models, each with many others before it. */
type Bits = Uint32Array;

/** Of each model, which ones lead to it, itself among them. */
function lineagesOf(rows: readonly TrialRecord[]) {
  const parents = new Map(rows.map(({ stageId, action }) => [stageId, action?.models ?? []]));
  const places = new Map<string, number>();
  for (const id of [...parents.keys(), ...[...parents.values()].flat()])
    if (!places.has(id)) places.set(id, places.size);
  const found = new Map<string, Bits>();
  const of = (stageId: string): Bits => {
    const open = [stageId];
    for (let id = open.at(-1); id !== undefined; id = open.at(-1)) {
      const before = parents.get(id) ?? [];
      const missing = before.filter((one) => !found.has(one));
      open.push(...missing);
      if (missing.length > 0) continue;
      open.pop();
      if (!found.has(id))
        found.set(
          id,
          united(
            places,
            id,
            before.flatMap((one) => found.get(one) ?? []),
          ),
        );
    }
    return found.get(stageId) ?? new Uint32Array();
  };
  return { places, of };
}

function united(places: ReadonlyMap<string, number>, id: string, before: readonly Bits[]): Bits {
  const bits = new Uint32Array(Math.ceil(places.size / 32));
  for (const one of before)
    for (let word = 0; word < bits.length; word += 1) bits[word] = (bits[word] ?? 0) | (one[word] ?? 0);
  const place = places.get(id) ?? 0;
  bits[place >>> 5] = (bits[place >>> 5] ?? 0) | (1 << (place & 31));
  return bits;
}

function sumOf(values: readonly number[], bits: Bits): number {
  let sum = 0;
  for (let word = 0; word < bits.length; word += 1)
    for (let rest = bits[word] ?? 0; rest !== 0; rest &= rest - 1)
      sum += values[word * 32 + 31 - Math.clz32(rest & -rest)] ?? 0;
  return sum;
}
