import { join } from 'node:path';
import { z } from 'zod';
import type { Json } from '../domain/json.js';
import { canonicalJson, sha256Hex } from '../domain/stage.js';
import { explorationIdOf } from '../activities/spec/prepare.js';
import type { Spec } from '../activities/spec/schema.js';
import { readJsonFile, writeJsonFile, type Home } from '../workers/home.js';

/** What an exploration was started with: kept in the workflow's memo and beside the store, to recognise a second start. */
export const StartRecord = z.object({
  schemaVersion: z.literal(1),
  /** The id of the very first run, from which the exploration's id is made. */
  firstRunId: z.string(),
  /** SHA-256 of the spec's canonical JSON, paths absolute. */
  specSha256: z.string(),
  options: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type StartRecord = z.infer<typeof StartRecord>;
export type StartOptions = StartRecord['options'];
/** The memo's key; its value is a StartRecord without the run's id, which is not known before the start. */
export const MEMO_KEY = 'lamdagentStart';
export const StartMemo = StartRecord.omit({ firstRunId: true });
export type StartMemo = z.infer<typeof StartMemo>;

/** The options that the quickstart can change, as the spec has them. */
export function optionsOf(spec: Spec): StartOptions {
  const { llm } = spec;
  const hosted = llm !== undefined && 'baseUrl' in llm ? llm : null;
  return {
    trials: spec.budget.trials,
    seed: spec.seed,
    parallel: spec.parallel,
    policy: spec.policy,
    llm: llm === undefined ? 'none' : (hosted?.baseUrl ?? 'embedded'),
    model: hosted?.model ?? 'none',
  };
}

export function memoOf(spec: Spec): StartMemo {
  const specSha256 = sha256Hex(canonicalJson(JSON.parse(JSON.stringify(spec)) as Json));
  return { schemaVersion: 1, specSha256, options: optionsOf(spec) };
}

const fileOf = (home: Home, name: string): string => join(home.startsFolder, `${name}.json`);

/** The record of this exploration; null when the name meant another one at the last start. */
export function readStart(home: Home, name: string, explorationId: string): StartMemo | null {
  const parsed = StartRecord.safeParse(readJsonFile(fileOf(home, name)));
  if (!parsed.success) return null;
  return explorationId === explorationIdOf(name, parsed.data.firstRunId) ? parsed.data : null;
}

export function writeStart(home: Home, name: string, record: StartRecord): void {
  writeJsonFile(fileOf(home, name), record);
}

/** What differs, e.g. `trials: 20 instead of 8`; only options that were asked for count. Empty: the same. */
export function differences(
  stored: StartMemo,
  wanted: StartMemo,
  asked: readonly string[] | 'all',
): readonly string[] {
  const names = asked === 'all' ? Object.keys(wanted.options) : asked;
  const changed = names
    .filter((name) => wanted.options[name] !== stored.options[name])
    .map((name) => `${name}: ${String(wanted.options[name])} instead of ${String(stored.options[name])}`);
  if (asked !== 'all' || changed.length > 0 || wanted.specSha256 === stored.specSha256) return changed;
  return ['the spec: its content changed'];
}
