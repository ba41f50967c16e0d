import { stat } from 'node:fs/promises';
import type { JsonObject } from '../../domain/json.js';
import { canonicalJson, identify, RECIPE_VERSIONS, sha256Hex, type SourceKind } from '../../domain/stage.js';
import { sha256OfFile } from '../store/durable.js';
import { keys } from '../store/keys.js';
import type { ObjectSource, Store } from '../store/store.js';
import type { SourceFile } from './benchmarkSource.js';

/** Files that become an object of the store. */
export interface Source {
  readonly kind: SourceKind;
  readonly files: readonly SourceFile[];
  /** Identity beside the content. */
  readonly parameters: JsonObject;
  /** What readers want to know; found only when the object isn't in the store yet. */
  readonly facts: () => Promise<JsonObject>;
}

/** Publishes files under the id their bytes give; files that are in the store already are not copied again. */
export async function importSource(store: Store, { kind, files, parameters, facts }: Source) {
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
