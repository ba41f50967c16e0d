import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPrepare } from '../../activities/spec/prepare.js';
import { createFolderStore } from '../../activities/store/folder.js';
import type { Store } from '../../activities/store/store.js';
import type { Json } from '../../domain/json.js';
import type { Plan } from '../../domain/plan.js';
import type { ProposedTrial } from '../../domain/trial.js';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'quickstart');
/** Objects that were trained here; the committed table makes them unnecessary. */
export const FOLDER = join(ROOT, '.cache', 'landscape');

/** Two training sets, each with replay for the guard; together they are all data. A training takes one of them. */
const MIXTURES = { odd: ['number', 'roman', 'format'], even: ['plural', 'tool', 'format'] } as const;

export interface LandscapeWorld {
  readonly store: Store;
  readonly plan: Plan;
  readonly baselines: readonly ProposedTrial[];
}

/** The small, discretised space of the tiny world, as a real plan with its sources imported. */
export async function openLandscapeWorld(): Promise<LandscapeWorld> {
  const store = createFolderStore(join(FOLDER, 'store'));
  const prepare = createPrepare({ store, root: EXAMPLE });
  const { plan, baselines } = await prepare({
    spec: landscapeSpec(),
    workflowId: 'explore/landscape',
    firstRunId: 'landscape',
  });
  return { store, plan, baselines };
}

/** Pipelines of at most three trainings and merges; SFT on all data, a baseline, may be one of the trainings. */
function landscapeSpec(): Json {
  const training = { batchSize: 16, maxLength: 128 };
  return {
    name: 'landscape',
    seed: 1,
    models: { base: { path: join(EXAMPLE, 'model') } },
    datasets: {
      ...Object.fromEntries(
        Object.entries(MIXTURES).map(([name, parts]) => [name, { path: mixed(name, parts) }]),
      ),
      terse: { path: join(EXAMPLE, 'data', 'terse.jsonl'), shape: 'preference' },
    },
    actions: {
      sft: { maxDatasets: 1, parameters: { ...training, learningRate: [3e-4, 1e-3], steps: 60 } },
      dpo: { parameters: { ...training, learningRate: 5e-5, steps: 30, batchSize: 8 } },
      merge: { maxModels: 2, parameters: { method: ['linear', 'ties'], lambda: 1, density: 0.5 } },
    },
    maxStages: 3,
    benchmarks: {
      number: { path: benchmark('number'), maxNewTokens: 48 },
      plural: { path: benchmark('plural'), maxNewTokens: 24 },
      tool: { path: benchmark('tool'), metric: 'toolCallAst', maxNewTokens: 44 },
      roman: { path: benchmark('roman'), maxNewTokens: 16 },
      format: { path: benchmark('format'), weight: 0, maxNewTokens: 40 },
    },
    objective: { constraints: [{ benchmark: 'format', atLeast: 'base - 0.05' }] },
    policy: 'random',
    budget: { trials: 100 },
  };
}

function benchmark(name: string): string {
  return join(EXAMPLE, 'benchmarks', name);
}

/** One file of several of the example's, row after row. */
function mixed(name: string, parts: readonly string[]): string {
  mkdirSync(FOLDER, { recursive: true });
  const target = join(FOLDER, `${name}.jsonl`);
  const texts = parts.map((part) => readFileSync(join(EXAMPLE, 'data', `${part}.jsonl`), 'utf8'));
  writeFileSync(target, texts.join(''));
  return target;
}
