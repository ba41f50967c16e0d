import type { z } from 'zod';
import { nearest } from '../../domain/nearest.js';

/** One thing that is wrong with a spec. */
export interface Fault {
  /** Where, e.g. `actions.sft.parameters.learningRate`, or a file with its line. */
  readonly path: string;
  readonly rule: string;
  readonly value: string;
  /** What to do, e.g. the nearest valid name; may be empty. */
  readonly hint: string;
}

/** `<path>: expected <rule>, got <value>. <hint>` a line. */
export function formatFaults(faults: readonly Fault[]): string {
  return faults
    .map(({ path, rule, value, hint }) => `${path}: expected ${rule}, got ${value}.${hint && ` ${hint}`}`)
    .join('\n');
}

export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  return near === null ? `Use one of: ${candidates.join(', ')}.` : `Did you mean ${near}?`;
}

/** A fault for each issue zod found; unknown keys get the nearest known one of their place. */
export function faultsOf(
  error: z.ZodError,
  value: unknown,
  knownKeysAt: (path: readonly PropertyKey[]) => readonly string[],
): readonly Fault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return [
        {
          path: pathText(issue.path),
          rule: ruleOf(issue.message),
          value: shown(at(value, issue.path)),
          hint: '',
        },
      ];
    const known = knownKeysAt(issue.path);
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      rule: 'a known key',
      value: key,
      hint: known.length === 0 ? 'Remove it.' : didYouMean(key, known),
    }));
  });
}

function ruleOf(message: string): string {
  return message
    .replace(/^Invalid (input|string|option): ?/, '')
    .replace(/^expected /i, '')
    .replace(/, received .*$/, '')
    .replace(/^(record|object)$/, 'a mapping')
    .replace(/^array$/, 'a list')
    .replace(/^string$/, 'a text')
    .replace(/^number$/, 'a number')
    .replace(/^int$/, 'a whole number');
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'spec' : path.map(String).join('.');
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}
