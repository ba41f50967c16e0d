/**
 * Work that content ids avoid: within an exploration of 100 trials, and in a second one on the same store.
 *
 *     npm run bench:reuse [-- --seeds 20] [--trials 100]
 *
 * Searches by the product's own policies on the committed table of the landscape (`npm run bench:landscape`), whose costs
 * are GPU-seconds as measured. Takes about a minute.
 */
import { parseArgs } from 'node:util';
import { POLICIES } from '../activities/decide/policies.js';
import type { PolicyName } from '../domain/plan.js';
import { bootstrapMean } from '../domain/statistics.js';
import { landscapeId, readTable } from './landscape/table.js';
import { openLandscapeWorld } from './landscape/world.js';
import { writeSection } from './page.js';
import { runPolicy } from './policies/run.js';
import { avoidedBy, type Avoided, type Tried } from './reuse/avoided.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, trials: { type: 'string', default: '100' } },
});
const world = await openLandscapeWorld();
const table = readTable();
const trials = Number(values.trials);
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);

const within: Avoided[] = [];
const second = { policy: [] as Pair[], random: [] as Pair[] };
for (const seed of seeds) {
  const search = await searched('evolution', seed);
  within.push(avoidedBy(search, new Set()));
  second.policy.push(await after(search, await searched('evolution', seed + 1000)));
  second.random.push(await after(search, await searched('random', seed)));
}
const text = textOf();
console.log(text);
writeSection({
  id: 'reuse',
  title: 'Work avoided by content ids',
  command: `npm run bench:reuse -- --seeds ${values.seeds} --trials ${values.trials}`,
  text,
});

/** A search, by itself and on the store that another one has filled. */
interface Pair {
  readonly alone: Avoided;
  readonly after: Avoided;
}

function after(first: readonly Tried[], other: readonly Tried[]): Pair {
  const store = new Set<string>();
  avoidedBy(first, store);
  return { alone: avoidedBy(other, new Set()), after: avoidedBy(other, store) };
}

/** What a search tried, in its order, baselines first. */
async function searched(name: PolicyName, seed: number): Promise<readonly Tried[]> {
  const found: Tried[] = [];
  await runPolicy({
    ...{ world, policy: POLICIES[name], seed, llm: null, gpuSeconds: Infinity, trials },
    suggest: () => Promise.reject(new Error('suggest: expected a policy without a sampler')),
    outcome: (stageId, action) => {
      const row = table.get(landscapeId(stageId));
      if (row === undefined)
        throw new Error(
          `landscape: expected ${stageId} in its table, got none. Run npm run bench:landscape.`,
        );
      found.push({ stageId, action, buildSeconds: row.buildSeconds, scoreSeconds: row.scoreSeconds });
      return Promise.resolve(row);
    },
  });
  return found;
}

function textOf(): string {
  const inside = share(within.map(({ seconds, doneSeconds }) => 1 - doneSeconds / seconds));
  const stages = mean(within.map((one) => one.stages));
  const done = mean(within.map(({ doneStages }) => doneStages));
  const lines = [
    `| one exploration, \`evolution\`, against every trial from the given models | ${stages} | ${done} | ${inside} |`,
    lineOf('a second one with the same policy and other draws', second.policy),
    lineOf('a second one by `random`', second.random),
  ];
  return [
    `Explorations of ${values.trials} trials in the small space of the tiny world (${String(table.size)} pipelines of at most three stages), ${values.seeds} seeds; costs in ` +
      'GPU-seconds as measured for each stage. Stages are trainings, merges and the scoring of a model. ' +
      'A second exploration shares what has the same id: the same files, parameters and `seed` of the spec; another seed shares only evaluations of given models. ' +
      'In a larger space two searches meet less often; within one nothing changes. Means with 95 % bootstrap intervals over seeds.',
    [
      '| exploration | stages asked for | done | GPU-seconds avoided |',
      '| --- | --- | --- | --- |',
      ...lines,
    ].join('\n'),
  ].join('\n\n');
}

/** Against the same search on an empty store. */
function lineOf(name: string, pairs: readonly Pair[]): string {
  const asked = mean(pairs.map(({ alone }) => alone.doneStages));
  const done = mean(pairs.map((pair) => pair.after.doneStages));
  const avoided = share(pairs.map((pair) => 1 - pair.after.doneSeconds / pair.alone.doneSeconds));
  return `| ${name}, on the first one's store | ${asked} | ${done} | ${avoided} |`;
}

function mean(items: readonly number[]): string {
  return bootstrapMean([{ share: 1, items }], 'reuse').value.toFixed(0);
}

function share(items: readonly number[]): string {
  const { value, low, high } = bootstrapMean([{ share: 1, items }], 'reuse');
  const [at, from, to] = [value, low, high].map((one) => (100 * one).toFixed(1));
  return `${at ?? ''} % (${from ?? ''} … ${to ?? ''})`;
}
