import type { JsonObject } from '../../domain/json.js';
import type { Manifest } from '../../domain/outcome.js';
import type { StoredObject } from '../../domain/retention.js';

/** A file to publish: its path inside the object, and where its bytes come from; `sha256`: what they must be. */
export type ObjectSource =
  | { readonly path: string; readonly file: string; readonly sha256?: string }
  | { readonly path: string; readonly text: string };

/**
 * Something that a process left behind when it died: `staged` and `upload`, bytes on their way into the store;
 * `unpublished`, files of an object that never got its manifest; `work`, the work area of a stage that is published;
 * `copy`, this machine's copy of an object that is no longer in the store.
 */
export interface Leftover {
  readonly kind: 'staged' | 'upload' | 'unpublished' | 'work' | 'copy';
  /** Where it lies, in the store's own words. */
  readonly name: string;
  readonly bytes: number;
}

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
  /** All published objects, in no order. */
  objects(): Promise<readonly StoredObject[]>;
  /**
   * Takes an object away, its manifest first, so that no reader sees half of it. `confirm` is asked when the object is
   * out of sight: whoever looks from then on finds it missing and makes it again; `false` brings it back.
   * Says whether it is gone now; false too when it wasn't there.
   */
  remove(stageId: string, confirm?: () => Promise<boolean>): Promise<boolean>;
  /** What dead processes left behind; nothing that changed since `before`, so nothing that is still at work. */
  leftovers(before: Date): Promise<readonly Leftover[]>;
  sweep(leftover: Leftover): Promise<void>;
}
