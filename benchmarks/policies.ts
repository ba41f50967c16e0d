/**
 * Every policy that needs no language model, on true outcomes of a small space, at equal GPU-seconds.
 *
 *     npm run bench:policies [-- --seeds 20]
 *
 * Outcomes come from the committed table of the landscape (`npm run bench:landscape` fills it); a pipeline that is not in
 * it is built and scored for real, and added. So no proposal lacks a true outcome, and the figures come in seconds.
 */
import { parseArgs } from 'node:util';
import { POLICIES } from '../activities/decide/policies.js';
import { poolOf } from '../domain/pool.js';
import type { PolicyName } from '../domain/plan.js';
import { startDirect } from '../workers/direct.js';
import { measure } from './landscape/measure.js';
import { landscapeId, readTable, writeTable } from './landscape/table.js';
import { openLandscapeWorld } from './landscape/world.js';
import { writeSection } from './page.js';
import { textOf } from './policies/page.js';
import { runPolicy, type Outcome, type Run } from './policies/run.js';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '20' } } });
const ARMS = ['random', 'evolution', 'tpe'] as const satisfies readonly PolicyName[];
/** Random's trials whose mean cost is everyone's budget, and those that set the mark to reach. */
const BUDGET_TRIALS = 50;
const MARK_TRIALS = 100;
const MOST_TRIALS = 300;

const world = await openLandscapeWorld();
const table = readTable();
const before = table.size;
const direct = startDirect({ store: world.store.location });
try {
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
  const long = await each(seeds, (seed) =>
    run('random', seed, { gpuSeconds: Infinity, trials: MARK_TRIALS }),
  );
  const gpuSeconds = mean(long.map(({ points }) => points[BUDGET_TRIALS + 1]?.gpuSeconds ?? 0));
  const runs = new Map<PolicyName, readonly Run[]>([['random', long]]);
  for (const arm of ARMS.filter((name) => name !== 'random')) {
    runs.set(arm, await each(seeds, (seed) => run(arm, seed, { gpuSeconds, trials: MOST_TRIALS })));
    console.log(`${arm}: ${String(seeds.length)} runs`);
  }
  const text = textOf({ plan: world.plan, table, runs, gpuSeconds, markTrials: MARK_TRIALS });
  console.log(text);
  writeSection({
    id: 'policies',
    title: 'Policies on true outcomes',
    command: `npm run bench:policies -- --seeds ${values.seeds}`,
    text,
  });
} finally {
  if (table.size > before) writeTable(table);
  console.log(`${String(table.size - before)} outcomes were made now, the others came from the table`);
  await direct.stop();
}

function run(
  arm: (typeof ARMS)[number],
  seed: number,
  limits: { readonly gpuSeconds: number; readonly trials: number },
): Promise<Run> {
  return runPolicy({ world, policy: POLICIES[arm], seed, suggest: direct.suggest, outcome, ...limits });
}

/** A function declaration, so that it stands before the runs begin. */
async function outcome(...[stageId, action, rows]: Parameters<Outcome>): ReturnType<Outcome> {
  const id = landscapeId(stageId);
  const known = table.get(id);
  if (known !== undefined) return known;
  const { plan } = world;
  const made = await measure({ plan, pool: poolOf(plan, rows), direct }, stageId, action);
  table.set(id, made);
  return made;
}

async function each<T>(seeds: readonly number[], one: (seed: number) => Promise<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for (const seed of seeds) found.push(await one(seed));
  return found;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0) / numbers.length;
}
