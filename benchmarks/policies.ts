/**
 * Every policy on true outcomes of a small space, at equal GPU-seconds.
 *
 *     npm run bench:policies [-- --seeds 20] [--llm http://127.0.0.1:8080/v1 …]
 *
 * Outcomes come from the committed table of the landscape (`npm run bench:landscape` fills it); a pipeline that is not in
 * it is built and scored for real, and added. The LLM's answers come from a committed table too, by what was asked; what
 * is not in it is asked of the embedded LLM (or of its weights where `--llm` says), and added. So no proposal lacks a true
 * outcome, and the figures come in seconds.
 */
import { parseArgs } from 'node:util';
import { EMBEDDED_LLM } from '../activities/decide/openLlm.js';
import { POLICIES } from '../activities/decide/policies.js';
import { severalAtOnce } from '../activities/store/severalAtOnce.js';
import { poolOf } from '../domain/pool.js';
import type { PolicyName } from '../domain/plan.js';
import { mean } from '../domain/statistics.js';
import { startDirect } from '../workers/direct.js';
import { measure } from './landscape/measure.js';
import { landscapeId, readTable, writeTable } from './landscape/table.js';
import { openLandscapeWorld } from './landscape/world.js';
import { writeSection } from './page.js';
import { openAnswers } from './policies/answers.js';
import { openLlmPool } from './policies/llmPool.js';
import { textOf, type Arm } from './policies/page.js';
import { runPolicy, type Outcome, type Run } from './policies/run.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, llm: { type: 'string', multiple: true, default: [] } },
});
/** Random's trials whose mean cost is everyone's budget, and those that set the mark to reach. */
const BUDGET_TRIALS = 50;
const MARK_TRIALS = 100;
const MOST_TRIALS = 300;
/** Runs side by side: while the LLM thinks in one, another may train. */
const LANES = 2;
/**
 * How much of the budget each arm spends. An LLM is asked up to four times a decision, seconds each on a CPU: runs that ask
 * it end early, and are compared with the others where they ended.
 */
const SHARES: readonly (readonly [PolicyName, number])[] = [
  ['evolution', 1],
  ['tpe', 1],
  ['hybrid', 0.5],
  ['agent', 0.2],
];

const world = await openLandscapeWorld();
const table = readTable();
const before = table.size;
/** Outcomes that are being made: two runs may want the same. */
const made = new Map<string, ReturnType<Outcome>>();
const direct = startDirect({ store: world.store.location });
const llms = openLlmPool(LANES, values.llm);
const answers = openAnswers({ model: EMBEDDED_LLM.model, client: llms.client });
try {
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
  const long = await severalAtOnce(
    seeds,
    (seed) => run('random', seed, { gpuSeconds: Infinity, trials: MARK_TRIALS }),
    LANES,
  );
  const gpuSeconds = mean(long.map(({ points }) => points[BUDGET_TRIALS + 1]?.gpuSeconds ?? 0));
  const arms: Arm[] = [{ policy: 'random', share: 1, runs: long }];
  for (const [policy, share] of SHARES) {
    const limits = { gpuSeconds: share * gpuSeconds, trials: MOST_TRIALS };
    arms.push({
      policy,
      share,
      runs: await severalAtOnce(seeds, (seed) => run(policy, seed, limits), LANES),
    });
  }
  const text = textOf({ plan: world.plan, table, arms, gpuSeconds, markTrials: MARK_TRIALS });
  console.log(text);
  writeSection({
    id: 'policies',
    title: 'Policies on true outcomes',
    command: `npm run bench:policies -- --seeds ${values.seeds}`,
    text,
  });
} finally {
  if (table.size > before) writeTable(table);
  answers.settle();
  console.log(
    `${String(table.size - before)} outcomes were made and ${String(answers.asked())} answers asked for now, the others came from the tables`,
  );
  await direct.stop();
  await llms.stop();
}

async function run(
  arm: PolicyName,
  seed: number,
  limits: { readonly gpuSeconds: number; readonly trials: number },
): Promise<Run> {
  const [policy, llm] = [POLICIES[arm], answers.client];
  const done = await runPolicy({ world, policy, seed, suggest: direct.suggest, llm, outcome, ...limits });
  console.error(`${arm}, seed ${String(seed)}: ${String(done.proposals)} trials`);
  return done;
}

/** A function declaration, so that it stands before the runs begin. */
async function outcome(...[stageId, action, rows]: Parameters<Outcome>): ReturnType<Outcome> {
  const id = landscapeId(stageId);
  const known = table.get(id);
  if (known !== undefined) return known;
  const { plan } = world;
  const making = made.get(id) ?? measure({ plan, pool: poolOf(plan, rows), direct }, stageId, action);
  made.set(id, making);
  table.set(id, await making);
  return making;
}
