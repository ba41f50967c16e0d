/**
 * Fills the table of the landscape: builds and scores every pipeline of a small space of the tiny world for real.
 *
 *     npm run bench:landscape [-- --workers 2] [--most N]
 *
 * Goes on where it stopped: objects and finished rows are kept. With the whole table policies can be compared on true
 * outcomes in seconds. Costs are timed: fill it on a machine that does nothing else.
 */
import { parseArgs } from 'node:util';
import { beginExploration, rowOf, withRow, withStarted, type Exploration } from '../domain/exploration.js';
import { poolOf, triedStageIds } from '../domain/pool.js';
import { enumerateActions, faultOfAction } from '../domain/space.js';
import { BUILD_KINDS, identify } from '../domain/stage.js';
import { stageOfAction } from '../domain/stageOfAction.js';
import type { ProposedTrial, TrialRecord } from '../domain/trial.js';
import { startDirect, type Direct } from '../workers/direct.js';
import { measure } from './landscape/measure.js';
import { resultOf } from './landscape/outcome.js';
import { landscapeId, readTable, writeTable, type LandscapeRow } from './landscape/table.js';
import { openLandscapeWorld } from './landscape/world.js';

const { values } = parseArgs({
  options: { workers: { type: 'string', default: '2' }, most: { type: 'string', default: '1000000' } },
});
const SAVE_EVERY = 20;

const { store, plan, baselines } = await openLandscapeWorld();
const table = readTable();
const began = performance.now();
let measured = 0;
const workers = Array.from({ length: Number(values.workers) }, () => startDirect({ store: store.location }));
let state: Exploration = beginExploration(plan, baselines, new Date(0).toISOString());
const rows: TrialRecord[] = [];
try {
  await addAll(baselines);
  for (let layer = newPipelines(); layer.length > 0 && mayMeasure(); layer = newPipelines())
    await addAll(layer);
  console.log(`${String(table.size)} pipelines in the table, ${String(measured)} of them measured now`);
} finally {
  writeTable(table);
  await Promise.all(workers.map((one) => one.stop()));
}

/** Every legal pipeline, one action longer than those known, that is not known itself. */
function newPipelines(): readonly ProposedTrial[] {
  const space = { plan, pool: poolOf(plan, rows) };
  const known = new Set(triedStageIds(plan, rows, []));
  const found: ProposedTrial[] = [];
  for (const kind of BUILD_KINDS)
    for (const action of enumerateActions(space, kind)) {
      const { stageId } = identify(stageOfAction(plan, action));
      if (known.has(stageId) || faultOfAction(space, action) !== null) continue;
      known.add(stageId);
      const trial = rows.length + found.length;
      found.push({ trial, origin: 'policy', decision: null, action, stageId, label: kind });
    }
  return found;
}

/** Looks up or measures all of them, one a worker at a time, and books them in their order. */
async function addAll(layer: readonly ProposedTrial[]): Promise<void> {
  const waiting = [...layer];
  const pool = poolOf(plan, rows);
  const lane = async (direct: Direct): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      if (table.has(landscapeId(one.stageId))) continue;
      if (!mayMeasure()) return;
      keep(await measure({ plan, pool, direct }, one.stageId, one.action), layer.length);
    }
  };
  await Promise.all(workers.map(lane));
  for (const one of layer) book(one);
}

function mayMeasure(): boolean {
  return measured < Number(values.most);
}

function keep(row: LandscapeRow, of: number): void {
  table.set(row.id, row);
  measured += 1;
  if (measured % SAVE_EVERY !== 0) return;
  writeTable(table);
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${seconds.toFixed(0).padStart(6)} s  ${String(table.size)} in the table; this layer has ${String(of)}`,
  );
}

function book(proposed: ProposedTrial): void {
  const known = table.get(landscapeId(proposed.stageId));
  if (known === undefined) return;
  state = withStarted(state, { proposed, workflowId: '', restarts: 0 });
  const row = rowOf(state, resultOf(plan, proposed, known));
  if (row === null) return;
  state = withRow(state, row);
  rows.push(row);
}
