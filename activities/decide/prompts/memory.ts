/** Asks for the digest of the experience so far, rewritten after new results. */
export function memoryPrompt(view: {
  readonly digest: string;
  readonly results: string;
  readonly counts: string;
}): string {
  return `Your notes so far:
${view.digest === '' ? '(none)' : view.digest}

New results:
${view.results}

Counts:
${view.counts}

Rewrite your notes in at most 60 words: which actions, data and settings helped or harmed, with numbers, and what is still untried.`;
}
