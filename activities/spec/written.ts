import { z } from 'zod';
import { DURATION, secondsOf } from './duration.js';

/** Values that stand in several places of a spec. */
export const file = z.string('a path').min(1, 'a path');
export const path = file.describe(
  'Relative to the spec file; in plain JSON to the working folder of the orchestrator.',
);
export const seconds = z.number().positive();
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => z.int().min(least).max(most);

const DURATION_RULE = 'seconds, or a duration such as "90s", "30m", "2h", "1d"';
export const duration = z.union(
  [seconds, z.string().regex(DURATION, DURATION_RULE).transform(secondsOf).pipe(seconds)],
  DURATION_RULE,
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
