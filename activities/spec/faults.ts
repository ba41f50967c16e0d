import { nearest } from '../../domain/nearest.js';
import { plainText } from '../../domain/plainText.js';

/** One thing that is wrong with a spec. */
export interface Fault {
  /** Where, e.g. `actions.sft.parameters.learningRate`, or a file with its line. */
  readonly path: string;
  readonly rule: string;
  readonly value: string;
  /** What to do, e.g. the nearest valid name; may be empty. */
  readonly hint: string;
}

/** The hint of a file or folder that is not there. */
export const CHECK_PATH = 'Check the path; it is relative to the spec file.';

const LONGEST_VALUE = 80;

/** `<path>: expected <rule>, got <value>. <hint>`, one a line. */
export function formatFaults(faults: readonly Fault[]): string {
  return faults
    .map(({ path, rule, value, hint }) =>
      plainText(`${path}: expected ${rule}, got ${value}. ${hint}`.trimEnd()),
    )
    .join('\n');
}

/** Of an address what may hold secrets: user name and password, and what follows the path. */
const USERINFO = /([a-z][a-z0-9+.-]*:\/*)[^\s"]*@/gi;
const QUERY = /([a-z][a-z0-9+.-]*:\/\/[^\s"?#]*[?#])[^\s"]+/gi;

/** A value on one short line, without the secrets of addresses: faults are shown, logged and recorded. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = jsonOf(value).replace(USERINFO, '$1…@').replace(QUERY, '$1…');
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return 'something nested too deeply to show';
  }
}

export function didYouMean(word: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const near = nearest(word, candidates);
  return near === null ? `Use one of: ${candidates.join(', ')}.` : `Did you mean ${near}?`;
}

/** At most `most` faults; the rest are counted. */
export function capped(faults: readonly Fault[], most: number, where: string): readonly Fault[] {
  if (faults.length <= most) return faults;
  const rest = faults.length - most;
  return [
    ...faults.slice(0, most),
    { path: where, rule: 'no other faults', value: `${String(rest)} more`, hint: 'Mend the first ones.' },
  ];
}

/** A place in a spec, as people write it: `models.base.path`. */
export function placeOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'spec' : path.map(String).join('.');
}

/** A value's own entry; undefined where there is none. */
export function valueAt(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<PropertyKey, unknown>>)[key];
}
