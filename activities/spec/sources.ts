import { join } from 'node:path';
import type { PlannedBenchmark, PlannedDataset, PlannedModel, Split } from '../../domain/plan.js';
import type { Store } from '../store/store.js';
import type { Benchmark } from './benchmark.js';
import { splitSource } from './benchmarkSource.js';
import type { CheckedFiles } from './files.js';
import { importDatasets } from './importDatasets.js';
import { importSource } from './importSource.js';
import { modelFolders } from './models.js';
import type { Spec } from './schema.js';
import { weightsFacts, type WeightsFacts } from './weights.js';

/** The imported sources of a spec, pinned by content. */
export interface Sources {
  readonly models: readonly PlannedModel[];
  readonly datasets: readonly PlannedDataset[];
  readonly benchmarks: readonly PlannedBenchmark[];
}

/** Imports all files of a checked spec (with absolute paths) into the store, by content. */
export async function importSources(store: Store, spec: Spec, files: CheckedFiles): Promise<Sources> {
  const models: PlannedModel[] = [];
  for (const { name, folder } of modelFolders(spec))
    models.push(await importModel(store, { name, folder, files }));
  const datasets = await importDatasets(store, spec, files);
  const benchmarks: PlannedBenchmark[] = [];
  for (const [name, benchmark] of Object.entries(spec.benchmarks))
    benchmarks.push(await importBenchmark(store, { name, benchmark, files }));
  return { models, datasets, benchmarks };
}

export async function importModel(
  store: Store,
  {
    name,
    folder,
    files,
  }: { readonly name: string; readonly folder: string; readonly files: Pick<CheckedFiles, 'models'> },
): Promise<PlannedModel> {
  const { weights = [], others = [], shape: read = null } = files.models[name] ?? {};
  const { stageId, facts } = await importSource(store, {
    kind: 'model',
    files: [...others, ...weights].map((path) => ({ path, file: join(folder, path) })),
    parameters: {},
    facts: async () => {
      const found = await weightsFacts(weights.map((path) => join(folder, path)));
      return { ...found, ...(read === null ? {} : { shape: { ...read } }) };
    },
  });
  const { weightsSha256, parameterCount, shape } = facts as unknown as WeightsFacts &
    Pick<PlannedModel, 'shape'>;
  return { name, stageId, weightsSha256, parameterCount, ...(shape === undefined ? {} : { shape }) };
}

async function importBenchmark(
  store: Store,
  of: {
    readonly name: string;
    readonly benchmark: Benchmark;
    readonly files: CheckedFiles;
  },
): Promise<PlannedBenchmark> {
  const { metric, weight } = of.benchmark;
  const imported = async (split: Split) => {
    const items = of.files.benchmarks[of.name]?.[split] ?? 0;
    const { files, parameters } = splitSource(of.benchmark, split);
    const { stageId } = await importSource(store, {
      kind: 'benchmark',
      files,
      parameters,
      facts: () => Promise.resolve({ ...parameters, items }),
    });
    return { stageId, items };
  };
  const splits = {
    search: await imported('search'),
    confirm: await imported('confirm'),
    test: await imported('test'),
  };
  return { name: of.name, metric, weight, splits };
}
