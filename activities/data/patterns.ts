import { RE2JS, RE2JSException } from 're2js';

/** A regular expression in RE2's syntax: no text makes it slow, since it never backtracks. */
export interface Pattern {
  /** Whether it is found anywhere in the text. */
  readonly isIn: (text: string) => boolean;
}

/** Throws for what is no expression: see `faultOfPattern`. */
export function compilePattern(text: string): Pattern {
  const compiled = RE2JS.compile(text);
  return { isIn: (searched) => compiled.test(searched) };
}

/** Why the text is no expression; null where it is one. */
export function faultOfPattern(text: string): string | null {
  try {
    RE2JS.compile(text);
    return null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return error.message.replace(/^error parsing regexp: /, '');
  }
}
