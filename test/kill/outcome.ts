import { loadExploration, loadPointer } from '../../activities/ledger/read.js';
import type { LeaderboardRow, LeaderboardView } from '../../activities/ledger/views.js';
import { keys } from '../../activities/store/keys.js';
import type { Store } from '../../activities/store/store.js';
import type { Json, JsonObject } from '../../domain/json.js';
import { COST } from '../../domain/pareto.js';
import { canonicalJson } from '../../domain/stage.js';
import { until } from './until.js';
import type { World } from './world.js';

/**
 * What must be the same with and without kills: every row of the leaderboard but its costs, with the curve of its last
 * training, and the whole result.
 */
export interface Outcome {
  readonly rows: readonly JsonObject[];
  readonly result: JsonObject;
}

/** Reads the outcome as a person would: `lamdagent leaderboard NAME --json`, and the result of the ledger. */
export async function readOutcome(world: World, name: string): Promise<Outcome> {
  const board = JSON.parse(await world.cli('leaderboard', name, '--json')) as LeaderboardView;
  const found = await loadExploration(world.store, name);
  if (found?.result === null || found === null)
    throw new Error(`exploration ${name}: expected a result, got none`);
  const { endedAt: _, ...result } = found.result as unknown as JsonObject;
  const curves = await Promise.all(board.rows.map(({ stageId }) => world.store.read(keys.curve(stageId))));
  return {
    rows: board.rows.map((row, index) => ({ ...withoutCosts(row), curve: curves[index] ?? null })),
    result,
  };
}

/** GPU-seconds are measured, and so is who stands on the front against them. */
function withoutCosts(row: LeaderboardRow): JsonObject {
  const { gpuSeconds: _own, pipelineGpuSeconds: _all, pareto: _onOne, fronts, ...rest } = row;
  return { ...rest, fronts: fronts.filter((name) => name !== COST) } as unknown as JsonObject;
}

/** What differs, in words; empty when the two are the same, bit for bit. */
export function differences(expected: Outcome, actual: Outcome): readonly string[] {
  const count = Math.max(expected.rows.length, actual.rows.length);
  const rows = Array.from({ length: count }, (_, index) =>
    differenceOf(`row ${String(index)}`, expected.rows[index] ?? null, actual.rows[index] ?? null),
  );
  return [...rows, differenceOf('result', expected.result, actual.result)].flat();
}

function differenceOf(
  where: string,
  expected: JsonObject | null,
  actual: JsonObject | null,
): readonly string[] {
  const keys = new Set([...Object.keys(expected ?? {}), ...Object.keys(actual ?? {})]);
  return [...keys].flatMap((key) => {
    const [wanted, got] = [textOf(expected?.[key]), textOf(actual?.[key])];
    return wanted === got ? [] : [`${where} ${key}: expected ${wanted}, got ${got}`];
  });
}

function textOf(value: Json | undefined): string {
  return value === undefined ? 'nothing' : canonicalJson(value);
}

/** After the result is on record the report is written from hundreds of records, through a store that fails now and then. */
const CONCLUSION_SECONDS = 600;

/** Resolves when the exploration's workflow is completed; throws when it ended in another way. */
export async function ended(world: World, name: string, seconds: number): Promise<void> {
  await until(`the end of ${name}`, seconds, () => hasEnded(world, name));
  await until(`the completion of ${name}`, CONCLUSION_SECONDS, async () => {
    const { status } = await world.ask((client) => client.workflow.getHandle(`explore/${name}`).describe());
    if (status.name === 'COMPLETED' || status.name === 'RUNNING') return status.name === 'COMPLETED';
    throw new Error(`exploration ${name}: expected to run or be completed, got ${status.name}`);
  });
}

/** Whether the result, or an end without one, is on record. Asks the store alone: the server may be down. */
export async function hasEnded({ store }: World, name: string): Promise<boolean> {
  const explorationId = await idOf(store, name);
  if (explorationId === null) return false;
  const records = [keys.result(explorationId), keys.ended(explorationId)];
  return (await Promise.all(records.map((key) => store.read(key)))).some((text) => text !== null);
}

/** The id that keys the ledger; null before the exploration was prepared. */
export async function idOf(store: Store, name: string): Promise<string | null> {
  return (await loadPointer(store, name))?.explorationId ?? null;
}
