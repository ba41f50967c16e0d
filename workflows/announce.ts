import { setCurrentDetails } from '@temporalio/workflow';
import { preparingDetails } from '../domain/details.js';
import type { Json } from '../domain/json.js';
import { NAME } from '../domain/names.js';
import { indexing, type Index } from './searchAttributes.js';

/** Makes an exploration findable while it is prepared, and when its spec is refused. */
export async function announce(spec: Json): Promise<Index> {
  const name = nameOf(spec);
  setCurrentDetails(preparingDetails(name));
  const index = await indexing(undefined);
  if (name !== null) index.announce(name);
  return index;
}

/** The name in a spec that is not checked yet; null: it has none that could be one. */
export function nameOf(spec: Json): string | null {
  const isObject = typeof spec === 'object' && spec !== null && !Array.isArray(spec);
  const name = isObject ? (spec as Readonly<Record<string, Json>>)['name'] : null;
  return typeof name === 'string' && NAME.test(name) ? name : null;
}
