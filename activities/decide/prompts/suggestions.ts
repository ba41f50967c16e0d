/** What a sampler proposes, for step 1: `sft, sft, merge`, best first. Empty without proposals. */
export function suggestedTypesPrompt(kinds: readonly string[]): string {
  return kinds.length === 0
    ? ''
    : `\nA sampler fitted to the results proposes, best first: ${kinds.join(', ')}. You may overrule it.`;
}

/** For step 2, one a line in the menu's own ids, best first. Empty without proposals. */
export function suggestedObjectsPrompt(lines: readonly string[]): string {
  return lines.length === 0
    ? ''
    : `\nA sampler fitted to the results proposes, best first:\n${lines.map((line) => `- ${line}\n`).join('')}Take one as nearly as the lists above allow, or overrule it with something better.\n`;
}
