import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Json } from '../../domain/json.js';
import type { Fault } from './faults.js';

/** Keys that name Python code for the libraries to run; the same as in lamdagent_gpu/foreign.py. */
const CODE_KEYS = ['auto_map', 'custom_pipelines', 'custom_generate', 'trust_remote_code'];
const KERNEL_KEY = /^(_?(attn|experts)_implementation(_internal)?|kernel_config|use_kernels)$/;
/** A name of the library's own, such as sdpa; `owner/kernel` is code that would be fetched and run. */
const PLAIN_IMPLEMENTATION = /^[a-z0-9_]+$/;
const HINT =
  'Code that comes with a model is never run: use a model that the library knows by itself, or remove the key if it works without.';

/** What is wrong with one of a model's configuration files: no JSON, or it names code to run. */
export async function configFaults(file: string): Promise<readonly Omit<Fault, 'path'>[]> {
  const name = basename(file);
  const config = parsed(await readFile(file, 'utf8'));
  if (config === undefined)
    return [{ rule: `${name} to be JSON`, value: file, hint: 'Save the model again.' }];
  return entries(config)
    .filter(([key, value]) => namesCode(key, value))
    .map(([key, value]) => {
      const rule = CODE_KEYS.includes(key)
        ? `${name} without ${key}`
        : `${key} of ${name} to be the library's own`;
      return { rule, value: JSON.stringify(value).slice(0, 120), hint: HINT };
    });
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** All keys at any depth, with their values. */
function entries(value: Json): readonly (readonly [string, Json])[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(entries);
  return Object.entries(value).flatMap(([key, inner]: [string, Json]) => [[key, inner], ...entries(inner)]);
}

function namesCode(key: string, value: Json): boolean {
  const isSet = !['null', 'false', '0', '""', '{}', '[]'].includes(JSON.stringify(value));
  return isSet && (CODE_KEYS.includes(key) || (KERNEL_KEY.test(key) && !isPlain(value)));
}

function isPlain(value: Json): boolean {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const names: readonly Json[] = isMap ? Object.values(value) : [value];
  return names.every(
    (name) => name === null || (typeof name === 'string' && PLAIN_IMPLEMENTATION.test(name)),
  );
}
