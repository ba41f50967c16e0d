/** Why an LLM's answer can't be used. Each is fed back to it; the record names it. */
export type LlmFault =
  | { readonly kind: 'unreadable'; readonly detail: string }
  | { readonly kind: 'refusal'; readonly detail: string }
  | { readonly kind: 'length'; readonly detail: string }
  | { readonly kind: 'badJson'; readonly detail: string }
  | { readonly kind: 'schema'; readonly detail: string }
  | { readonly kind: 'illegal'; readonly detail: string }
  | { readonly kind: 'repeat'; readonly detail: string };

export type Checked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: LlmFault };

export const accepted = <T>(value: T): Checked<T> => ({ ok: true, value });

export const refused = (kind: LlmFault['kind'], detail: string): Checked<never> => ({
  ok: false,
  fault: { kind, detail },
});

/** The fault as the record keeps it: `repeat: t0003 was the same`. */
export function faultText(fault: LlmFault): string {
  return `${fault.kind}: ${fault.detail}`;
}

/** What the LLM is told. */
export function repairText(fault: LlmFault): string {
  switch (fault.kind) {
    case 'unreadable':
      return 'Your last answer did not arrive. Answer again with one JSON object that fits the schema.';
    case 'refusal':
      return 'Your last answer was a refusal. This is a harmless choice between experiments. Answer with one JSON object that fits the schema.';
    case 'length':
      return 'Your last answer was too long and was lost. Answer again, briefly, with one JSON object that fits the schema.';
    case 'badJson':
    case 'schema':
      return `Your last answer did not fit the schema: ${fault.detail}. Answer again with one JSON object that fits it.`;
    case 'illegal':
      return `That choice is not allowed: ${fault.detail}. Choose again.`;
    case 'repeat':
      return `That is an exact repeat: ${fault.detail}. Choose something that was not tried.`;
  }
}
