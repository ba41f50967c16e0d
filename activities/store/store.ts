import type { JsonObject } from '../../domain/json.js';
import type { Manifest } from '../../domain/outcome.js';

/** A file to publish: its path inside the object, and where its bytes come from; `sha256`: what they must be. */
export type ObjectSource =
  | { readonly path: string; readonly file: string; readonly sha256?: string }
  | { readonly path: string; readonly text: string };

/**
 * What both languages keep: immutable objects by stage id, and small immutable records by key.
 * Keys are relative slash paths such as `decisions/quickstart-1a2b3c4d/000007.json`.
 */
export interface Store {
  /** Where it is, for people. */
  readonly location: string;
  /** Writes the record unless the key exists; says whether it wrote. */
  putIfAbsent(key: string, text: string): Promise<boolean>;
  /** Replaces a pointer atomically (only for `names/…` and other pointers; records are immutable). */
  replace(key: string, text: string): Promise<void>;
  read(key: string): Promise<string | null>;
  /** The keys under a folder key, sorted; not recursive; empty when it does not exist. */
  list(prefix: string): Promise<readonly string[]>;
  /** The manifest of a published object, or null. */
  manifest(stageId: string): Promise<Manifest | null>;
  /** Publishes an object, manifest last. When it exists already the existing manifest is returned. */
  publish(
    stageId: string,
    kind: string,
    files: readonly ObjectSource[],
    result: JsonObject,
  ): Promise<Manifest>;
  /** The absolute path of an object's file after its size and SHA-256 were checked against the manifest. */
  openFile(stageId: string, path: string): Promise<string>;
}
