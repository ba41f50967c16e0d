import { ApplicationFailure } from '@temporalio/common';
import { capped, formatFaults, type Fault } from './faults.js';

/** Faults in one failure message; Temporal's messages have to stay small. */
const MOST_FAULTS = 50;

/** Fails the workflow once: no retry mends a spec. */
export function invalidSpec(faults: readonly Fault[]): ApplicationFailure {
  const text = formatFaults(capped(faults, MOST_FAULTS, 'spec'));
  const failure = ApplicationFailure.nonRetryable(`The spec cannot be run:\n${text}`, 'InvalidSpec');
  failure.stack = ''; // a person's mistake needs no stack
  return failure;
}
