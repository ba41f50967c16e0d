import { InvalidArgumentError } from 'commander';

/** A number above 0 of an option. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError(`expected a number above 0, got ${text}.`);
  return value;
}

/** A whole number of an option. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError(`expected a whole number, got ${text}.`);
  return Number(text);
}
