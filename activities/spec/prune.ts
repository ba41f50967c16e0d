import type { z } from 'zod';
import { valueAt } from './faults.js';
import { innermost } from './issues.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];
type Container = Record<PropertyKey, unknown>;

/** Rounds of cutting: every round removes at least one node, and faults can't nest deeper than this. */
const MOST_ROUNDS = 50;

/**
 * What is left of a value when everything the schema finds fault with is cut away, so that the rest can be
 * checked in the same run; null when nothing is.
 */
export function pruned<T>(schema: z.ZodType<T>, value: unknown, smallest: object): T | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const rest: Container = { ...smallest, ...(structuredClone(value) as object) };
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const parsed = schema.safeParse(rest);
    if (parsed.success) return parsed.data;
    const cuts = parsed.error.issues.flatMap(innermost).flatMap(cutsOf);
    for (const path of cuts.sort(lastFirst)) cut(rest, path, smallest);
  }
  return null;
}

function cutsOf(issue: Issue): readonly Path[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

/** Later places of a list go first, so that the earlier ones keep their numbers. */
function lastFirst(a: Path, b: Path): number {
  return placeKey(a) < placeKey(b) ? 1 : -1;
}

function placeKey(path: Path): string {
  return path.map((key) => (typeof key === 'number' ? String(key).padStart(9, '0') : String(key))).join('/');
}

/** Removes the node; where there is none something is missing, and its parent goes. */
function cut(root: Container, path: Path, smallest: object): void {
  const key = path.at(-1);
  const parent = path.slice(0, -1).reduce<unknown>(valueAt, root);
  if (key === undefined || typeof parent !== 'object' || parent === null) return;
  if (!Object.hasOwn(parent, key)) return cut(root, path.slice(0, -1), smallest);
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (path.length === 1 && Object.hasOwn(smallest, key))
    (parent as Container)[key] = (smallest as Container)[key];
  else Reflect.deleteProperty(parent, key);
}
