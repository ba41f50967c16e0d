const ALONE = ['meta', 'line', 'circle', 'path'];

/** What a page's elements leave open or close in the wrong order; null when they balance. */
export function imbalanceOf(page: string): string | null {
  const open: string[] = [];
  for (const [, closing, name = '', rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>/g)) {
    if (closing === '/') {
      const last = open.pop();
      if (last !== name) return `</${name}> closes <${last ?? 'nothing'}>`;
    } else if (!ALONE.includes(name) && rest?.endsWith('/') !== true) open.push(name);
  }
  return open.length === 0 ? null : `open: ${open.join(', ')}`;
}

/** The section of the page with this label, as text without markup. */
export function sectionText(page: string, label: string): string {
  const section = new RegExp(`aria-labelledby="${label}">(.*?)</section>`, 's').exec(page)?.[1] ?? '';
  return section.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}
