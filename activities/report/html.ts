/** Markup that was made by `html`; any other value is text and is escaped. */
export interface Markup {
  readonly markup: string;
}
type Value = string | number | Markup | readonly Markup[];

/** A template whose values are escaped unless they are markup: hostile names and LLM text stay text. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const parts = squeezed(strings).map(
    (text, index) => text + (index < values.length ? rendered(values[index] ?? '') : ''),
  );
  return { markup: parts.join('') };
}

const known = new WeakMap<TemplateStringsArray, readonly string[]>();

/** The template's own indentation means nothing on the page and would be a third of it; values keep theirs. */
function squeezed(strings: TemplateStringsArray): readonly string[] {
  const found = known.get(strings) ?? strings.map((text) => text.replace(/\s*\n\s*/g, '\n'));
  known.set(strings, found);
  return found;
}

function rendered(value: Value): string {
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map((one) => one.markup).join('');
}

export function escapeText(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  // Control characters are not allowed in HTML text.
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd');
}
