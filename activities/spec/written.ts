import { z } from 'zod';
import { parseBytes } from '../../domain/bytes.js';
import { DURATION, secondsOf } from './duration.js';

/** Values that stand in several places of a spec. */
export const file = z.string('a path').min(1, 'a path');
export const path = file.describe(
  'Relative to the spec file; in plain JSON to the working folder of the orchestrator.',
);
const INSIDE_RULE = 'a path inside the folder, with / and without ..';
export const inside = z.string(INSIDE_RULE).regex(/^(?!\/)(?!(.*\/)?\.{0,2}(\/|$))[^\\\0]+$/, INSIDE_RULE);
export const seconds = z.number().positive();
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => z.int().min(least).max(most);

/** Not of digits alone: JavaScript would move such a key to the front, and the first model is the base. */
const LABEL_RULE = 'a name of at most 64 letters, digits, dots, dashes, underscores, not of digits alone';
export const label = z.string(LABEL_RULE).regex(/^(?![0-9]+$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, LABEL_RULE);

const DURATION_RULE = 'seconds, or a duration such as "90s", "30m", "2h", "1d"';
export const duration = z.union(
  [seconds, z.string().regex(DURATION, DURATION_RULE).transform(secondsOf).pipe(seconds)],
  DURATION_RULE,
);

const SIZE_RULE = 'bytes, or a size such as "24GB", "80GiB"';
export const size = z.union(
  [
    whole(1),
    z
      .string()
      .refine((text) => parseBytes(text) !== null, SIZE_RULE)
      .transform((text) => parseBytes(text) ?? 0)
      .pipe(whole(1)),
  ],
  SIZE_RULE,
);

/** An address that holds no key: the variable does. */
export const endpoint = (variable: string) =>
  z
    .url({ protocol: /^https?$/, error: 'an http or https address' })
    .refine(
      isPlainAddress,
      `an address without user name, password, query or fragment: specs are recorded, and keys belong in ${variable}`,
    );

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return true; // a fault of its own
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === '' && !/[@?#]/.test(text);
}
