import type { Json, JsonObject } from './json.js';

/** JSON Merge Patch (RFC 7396): objects are merged entry by entry, null removes one, everything else replaces. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const kept = isObject(target) ? target : {};
  const merged = Object.entries(patch).flatMap(([name, value]) =>
    value === null ? [] : [[name, mergePatch(kept[name] ?? null, value)] as const],
  );
  const rest = Object.entries(kept).filter(([name]) => !Object.hasOwn(patch, name));
  return inOrder(kept, Object.fromEntries([...rest, ...merged]));
}

/** In the target's order, new entries last: the first model of a spec is its base. */
function inOrder(target: JsonObject, merged: JsonObject): JsonObject {
  const names = [...Object.keys(target), ...Object.keys(merged)].filter((name) =>
    Object.hasOwn(merged, name),
  );
  return Object.fromEntries([...new Set(names)].map((name) => [name, merged[name] ?? null]));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
