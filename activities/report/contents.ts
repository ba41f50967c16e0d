import { html, type Markup } from './html.js';

/** Links to the sections, read from the sections themselves: a section that is left out has no link. */
export function contentsOf(sections: readonly Markup[]): Markup {
  const links = sections.flatMap(({ markup }) => {
    const [, id, title] = /<h[12] id="([\w.-]+)">([^<]*)/.exec(markup) ?? [];
    if (id === undefined || title === undefined) return [];
    // The title comes from a page that is escaped already.
    const text: Markup =
      id === 'headline'
        ? html`Result`
        : { markup: title.replace(/ (\(search split\)|in order of completion).*/s, '').trim() };
    return [html`<li><a href="#${id}">${text}</a></li>`];
  });
  return html`<nav aria-label="Sections">
    <ul>
      ${links}
    </ul>
  </nav>`;
}
