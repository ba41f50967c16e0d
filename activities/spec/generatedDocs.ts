/** Where the generated part of a page begins and ends. */
export interface Marks {
  readonly begin: string;
  readonly end: string;
}

/** The page with what stands between its marks made anew. */
export function withGenerated(page: string, { begin, end }: Marks, text: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`page: expected ${begin} … ${end}, got a page without`);
  return [page.slice(0, from) + begin, text, page.slice(to)].join('\n\n');
}

/** A table in Markdown. */
export function markdownTable(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
