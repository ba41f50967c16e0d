/** Numbers by layer, written as one text: `0.2, 0.8`, or by parts of tensors' names: `mlp: 0, 1; self_attn: 1, 0; 0.5`. */

const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e-?\d+)?`;
const ANCHORS = String.raw`\s*${NUMBER}(?:\s*,\s*${NUMBER})*\s*`;
/** Clauses with a filter, then one without, for all other tensors. */
export const GRADIENT = new RegExp(`^(?:[^:;]*[^:;\\s]\\s*:${ANCHORS};)*${ANCHORS}$`);

/** All anchors of the text, to be checked against a range; null: a text of another form. */
export function anchorsOf(text: string): readonly number[] | null {
  if (!GRADIENT.test(text)) return null;
  return text.split(';').flatMap((clause) => {
    return clause
      .slice(clause.lastIndexOf(':') + 1)
      .split(',')
      .map(Number);
  });
}
