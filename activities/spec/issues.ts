import type { z } from 'zod';
import { didYouMean, placeOf, shown, valueAt, type Fault } from './faults.js';
import { knownKeysAt } from './knownKeys.js';

type Issue = z.core.$ZodIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** A fault for each thing zod found; unknown keys and values get the nearest known one. */
export function faultsOfIssues(issues: readonly Issue[], value: unknown): readonly Fault[] {
  return issues.flatMap(innermost).flatMap((issue) => {
    const path = placeOf(issue.path);
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeysAt(issue.path, issue.path.reduce<unknown>(valueAt, value));
      return issue.keys.map((key) => ({
        path: placeOf([...issue.path, key]),
        rule: 'a known key',
        value: shown(key),
        hint: didYouMean(key, known),
      }));
    }
    const got = issue.code === 'invalid_key' ? issue.path.at(-1) : issue.path.reduce<unknown>(valueAt, value);
    return [{ path, rule: ruleOf(issue), value: shown(got), hint: hintOf(issue, got) }];
  });
}

/** Of a union's alternatives the one the writer meant: the one whose type fits. */
export function innermost(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const fits = (one: Issue): boolean => !(one.code === 'invalid_type' && one.path.length === 0);
  const meant = issue.errors.find((alternative) => alternative.length > 0 && alternative.every(fits));
  if (meant === undefined) return [issue];
  return meant.map((one) => ({ ...one, path: [...issue.path, ...one.path] })).flatMap(innermost);
}

function ruleOf(issue: Issue): string {
  if (!/^(Invalid|Too|Unrecognized)/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1 ? shown(issue.values[0]) : `one of ${issue.values.join(', ')}`;
    case 'too_small':
      return sized(issue.origin, issue.inclusive === false ? 'above' : 'at least', issue.minimum);
    case 'too_big':
      return sized(issue.origin, issue.inclusive === false ? 'below' : 'at most', issue.maximum);
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'a valid name';
    default:
      return issue.message;
  }
}

function sized(origin: string, relation: string, bound: number | bigint): string {
  if (origin === 'string') return `a text of ${relation} ${String(bound)} characters`;
  if (origin === 'array') return `a list of ${relation} ${String(bound)} entries`;
  return `${TYPES[origin] ?? origin} ${relation} ${String(bound)}`;
}

function hintOf(issue: Issue, got: unknown): string {
  if (got === undefined) return 'Add it.';
  if (issue.code !== 'invalid_value' || typeof got !== 'string' || issue.values.length < 2) return '';
  return didYouMean(got, issue.values.map(String));
}
