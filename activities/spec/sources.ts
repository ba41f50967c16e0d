import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../domain/json.js';
import type { PlannedBenchmark, PlannedDataset, PlannedModel, Split } from '../../domain/plan.js';
import { canonicalJson, identify, RECIPE_VERSIONS, sha256Hex, type SourceKind } from '../../domain/stage.js';
import { keys } from '../store/keys.js';
import { sha256OfFile } from '../store/folder.js';
import type { ObjectSource, Store } from '../store/store.js';
import type { Benchmark } from './benchmark.js';
import { splitSource, type SourceFile } from './benchmarkSource.js';
import type { CheckedFiles } from './files.js';
import type { Spec } from './schema.js';
import { weightsFacts, type WeightsFacts } from './weights.js';

/** The imported sources of a spec, pinned by content. */
export interface Sources {
  readonly models: readonly PlannedModel[];
  readonly datasets: readonly PlannedDataset[];
  readonly benchmarks: readonly PlannedBenchmark[];
}
interface Source {
  readonly kind: SourceKind;
  readonly files: readonly SourceFile[];
  /** Identity beside the content. */
  readonly parameters: JsonObject;
  /** What readers want to know; found only when the object isn't in the store yet. */
  readonly facts: () => Promise<JsonObject>;
}

/** Imports all files of a checked spec (with absolute paths) into the store, by content. */
export async function importSources(store: Store, spec: Spec, files: CheckedFiles): Promise<Sources> {
  const models: PlannedModel[] = [];
  for (const [name, { path }] of Object.entries(spec.models))
    models.push(await importModel(store, { name, folder: path, files }));
  const datasets: PlannedDataset[] = [];
  for (const [name, { path }] of Object.entries(spec.datasets))
    datasets.push(await importDataset(store, { name, file: path, files }));
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
  const { weights = [], others = [] } = files.models[name] ?? {};
  const { stageId, facts } = await importSource(store, {
    kind: 'model',
    files: [...others, ...weights].map((path) => ({ path, file: join(folder, path) })),
    parameters: {},
    facts: async () => ({ ...(await weightsFacts(weights.map((path) => join(folder, path)))) }),
  });
  const { weightsSha256, parameterCount } = facts as unknown as WeightsFacts;
  return { name, stageId, weightsSha256, parameterCount };
}

async function importDataset(
  store: Store,
  { name, file, files }: { readonly name: string; readonly file: string; readonly files: CheckedFiles },
): Promise<PlannedDataset> {
  const { shape, rows } = files.datasets[name] ?? { shape: 'sft', rows: 0 };
  const { stageId } = await importSource(store, {
    kind: 'dataset',
    files: [{ path: 'data.jsonl', file }],
    parameters: { shape },
    facts: () => Promise.resolve({ shape, rows }),
  });
  return { name, stageId, shape, rows };
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

/** Publishes files under the id their bytes give; files that are in the store already are not copied again. */
async function importSource(store: Store, { kind, files, parameters, facts }: Source) {
  const sources: ObjectSource[] = [];
  const content: { path: string; bytes: number; sha256: string }[] = [];
  for (const { path, file } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const sha256 = await sha256OfFile(file);
    content.push({ path, bytes: (await stat(file)).size, sha256 });
    sources.push({ path, file, sha256 });
  }
  const { stageId, stage } = identify({
    kind,
    recipeVersion: RECIPE_VERSIONS[kind],
    inputs: {},
    parameters: {
      contentSha256: sha256Hex(
        canonicalJson(content.map(({ path, bytes, sha256 }) => [path, bytes, sha256])),
      ),
      ...parameters,
    },
    seed: '0',
  });
  await store.putIfAbsent(keys.stage(stageId), JSON.stringify(stage));
  const known = await store.manifest(stageId);
  const manifest = known ?? (await store.publish(stageId, kind, sources, await facts()));
  return { stageId, facts: manifest.result };
}
