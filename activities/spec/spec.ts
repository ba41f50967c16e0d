import { dirname, resolve } from 'node:path';
import type { Fault } from './faults.js';
import type { HubAccess } from '../hub/access.js';
import { checkFiles, type CheckedFiles } from './files.js';
import { fetchHubSources, type HubPins } from './hubSources.js';
import { faultsOfIssues } from './issues.js';
import { memoryFaults } from './memory.js';
import { pruned } from './prune.js';
import { SpecSchema, type Spec } from './schema.js';
import { senseFaults } from './sense.js';
import { readWrittenFile } from './writtenFile.js';

export type Parsed =
  | { readonly ok: true; readonly spec: Spec }
  | {
      readonly ok: false;
      readonly faults: readonly Fault[];
      /** What remains without the faulty parts, for further checks; null when nothing does. */
      readonly rest: Spec | null;
    };
export type Checked =
  | {
      readonly ok: true;
      /** With absolute paths, and with commits where sources of a hub were looked up. */
      readonly spec: Spec;
      readonly files: CheckedFiles;
      /** The spec with downloaded files in the place of a hub's repositories. */
      readonly local: Spec;
      readonly pins: HubPins;
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const SMALLEST = { name: 'unnamed', models: {}, actions: {}, benchmarks: {} } as const;

/** Checks a spec's shape, names and ranges, all faults at once. Files are another matter: `checkFiles`. */
export function parseSpec(value: unknown): Parsed {
  const parsed = SpecSchema.safeParse(value);
  const rest = parsed.success ? parsed.data : pruned(SpecSchema, value, SMALLEST);
  const shape = parsed.success ? [] : faultsOfIssues(parsed.error.issues, value);
  const missing = new Set(shape.map(({ path }) => path));
  const sense = rest === null ? [] : senseFaults(value, rest);
  const faults = [...shape, ...sense.filter(({ path }) => !missing.has(path))];
  return parsed.success && faults.length === 0
    ? { ok: true, spec: parsed.data }
    : { ok: false, faults, rest };
}

/**
 * Checks a spec and every file it names; relative paths are made absolute against `root`. What a hub has is downloaded
 * and checked too where `hub` says how to reach it; else it is left for the start.
 */
export async function checkSpec(value: unknown, root: string, hub?: HubAccess): Promise<Checked> {
  const parsed = parseSpec(value);
  const rest = parsed.ok ? parsed.spec : parsed.rest;
  const faults: Fault[] = parsed.ok ? [] : [...parsed.faults];
  if (rest === null) return { ok: false, faults };
  const absolute = absolutePaths(rest, root);
  const { pinned, local, pins } =
    hub === undefined
      ? { pinned: absolute, local: absolute, pins: { models: {}, datasets: {} } }
      : await fetchHubSources(absolute, hub, faults);
  const files = await checkFiles(local, faults);
  faults.push(...memoryFaults(local, files));
  return faults.length > 0 ? { ok: false, faults } : { ok: true, spec: pinned, files, local, pins };
}

/** Reads a YAML or JSON spec and checks it with all its files; its paths are relative to its own folder. */
export async function readSpecFile(file: string): Promise<Checked> {
  const written = await readWrittenFile(file, 'spec');
  return written.ok ? checkSpec(written.value, dirname(resolve(file))) : written;
}

/** Plain JSON may be started from anywhere: absolute paths mean the same everywhere on this machine. */
export function absolutePaths(spec: Spec, root: string): Spec {
  const fixed = <T extends { readonly path?: string | undefined }>(
    section: Record<string, T>,
  ): Record<string, T> =>
    Object.fromEntries(
      Object.entries(section).map(([name, one]) => [
        name,
        one.path === undefined ? one : { ...one, path: resolve(root, one.path) },
      ]),
    );
  const { models, datasets, benchmarks, rewardFunction } = spec;
  return {
    ...spec,
    ...{ models: fixed(models), datasets: fixed(datasets), benchmarks: fixed(benchmarks) },
    ...(rewardFunction === undefined ? {} : fixed({ rewardFunction })),
  };
}
