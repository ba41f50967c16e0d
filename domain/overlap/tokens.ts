/**
 * How texts are compared, whatever their case, spacing, punctuation and Unicode form: as lists of tokens.
 * Letters and digits count; so do symbols (`+ = < $ ^`, emoji), and the signs `- * / %` before a number, a single
 * letter or another such sign, and brackets in a text with one of these: `(2+3)*4` is not `2+(3*4)`, and `12-7` is not
 * `12/7`. A text without any of them, such as `[]`, is the list of its characters.
 */
export function tokensOf(text: string): readonly string[] {
  const plain = ASCII.test(text);
  const folded = plain ? text.toLowerCase() : foldedText(text);
  const tokens = meaningful(folded.match(plain ? ASCII_LEXEME : LEXEME) ?? []);
  return tokens.length > 0 ? tokens : (folded.match(/\S/gu) ?? []);
}

/** The text in its normal form: its tokens with one space between them. Normalising twice changes nothing. */
export function normalise(text: string): string {
  return tokensOf(text).join(' ');
}

const ASCII = /^[\x00-\x7f]*$/;
/** Characters that nobody sees: joiners, soft hyphens, variation selectors. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
const DASH = /[\p{Pd}\u2212]/gu;
/** Scripts that put no spaces between words: each character is a token. */
const UNSPACED = [
  ...['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar'].map((name) => `\\p{Script=${name}}`),
].join('');
const LEXEME = new RegExp(
  [
    '\\p{N}+(?:\\.\\p{N}+)*',
    `[${UNSPACED}]\\p{M}*`,
    `(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+`,
    '[-*/%^\\p{Sm}\\p{Sc}\\p{So}()\\[\\]{}]',
  ].join('|'),
  'gu',
);
/** The same for ASCII, several times as fast. */
const ASCII_LEXEME = /[0-9]+(?:\.[0-9]+)*|[a-z][a-z0-9]*|[-*/%^+<=>|~$()[\]{}]/g;

const SIGNS: ReadonlySet<string> = new Set(['-', '*', '/', '%']);
const BRACKETS: ReadonlySet<string> = new Set('()[]{}');
const WORD = /^[\p{L}\p{M}\p{N}]/u;
const OPERAND = /^(?:\p{N}.*|[a-z])$/u;

/** NFKC before lower case, since `ᴬ` has none; and after it, since lower case may take letters apart. */
function foldedText(text: string): string {
  const visible = text.replace(INVISIBLE, '').normalize('NFKC').replace(DASH, '-');
  return visible.toLowerCase().normalize('NFKC').replace(INVISIBLE, '');
}

function meaningful(lexemes: readonly string[]): readonly string[] {
  const tokens = withoutIdleSigns(lexemes);
  if (tokens.some((token) => !WORD.test(token) && !BRACKETS.has(token))) return tokens;
  return tokens.filter((token) => !BRACKETS.has(token));
}

/** From the end, since a sign counts where something that counts follows; brackets between them don't matter. */
function withoutIdleSigns(lexemes: readonly string[]): readonly string[] {
  if (!lexemes.some((lexeme) => SIGNS.has(lexeme))) return lexemes;
  const kept: string[] = [];
  let operand = false;
  for (const lexeme of [...lexemes].reverse()) {
    if (SIGNS.has(lexeme) && !operand) continue;
    kept.push(lexeme);
    if (!SIGNS.has(lexeme) && !BRACKETS.has(lexeme)) operand = OPERAND.test(lexeme);
  }
  return kept.reverse();
}
