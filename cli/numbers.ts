import { InvalidArgumentError } from 'commander';

/** A whole number of an option. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError(`expected a whole number, got ${text}.`);
  return Number(text);
}
