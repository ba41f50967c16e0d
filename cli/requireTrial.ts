import { trialNames, trialNumber } from '../activities/ledger/trialView.js';
import type { StoredExploration } from '../activities/ledger/read.js';
import { nearest } from '../domain/nearest.js';
import { EXIT, UserFault } from '../workers/fault.js';

/** What `find` knows of a trial; ends with exit code 2 and the nearest name where that is nothing. */
export function requireTrial<T>(
  found: StoredExploration,
  trial: string,
  find: (trial: number) => T | null | undefined,
): T {
  const number = trialNumber(trial);
  const known = number === null ? null : find(number);
  if (known !== null && known !== undefined) return known;
  const names = trialNames(found);
  const near = nearest(trial, names);
  const hint =
    names.length === 0
      ? 'It has none yet.'
      : `${near === null ? '' : `Did you mean ${near}? `}It has ${names[0] ?? ''} to ${names.at(-1) ?? ''}.`;
  throw new UserFault(
    `trial: expected one of exploration ${found.plan.name}, got ${trial}. ${hint}`,
    EXIT.usage,
  );
}
