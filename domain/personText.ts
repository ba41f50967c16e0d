/** The longest text of a person that is kept, in characters. */
export const MOST_CHARACTERS = 500;
const MOST_IN_A_NAME = 80;

/**
 * What is wrong with a person's words, or null. They are shown in terminals, pages and prompts, so control
 * characters, and those that turn the direction of writing, are refused.
 */
export function faultOfText(what: string, text: unknown, most = MOST_CHARACTERS): string | null {
  if (typeof text !== 'string' || text.trim() === '')
    return `${what}: expected some words, got ${typeof text === 'string' ? 'none' : JSON.stringify(text ?? null)}`;
  if (text.length > most)
    return `${what}: expected at most ${String(most)} characters, got ${String(text.length)}`;
  const control = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.exec(text);
  if (control === null) return null;
  const code = (control[0].codePointAt(0) ?? 0).toString(16).padStart(4, '0');
  return `${what}: expected text without control characters, got U+${code} at ${String(control.index)}`;
}

/** The name a person gives, which may be left out. */
export function faultOfPerson(by: unknown): string | null {
  return by === undefined || by === null ? null : faultOfText('by', by, MOST_IN_A_NAME);
}
