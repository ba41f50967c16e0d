import { html, type Markup } from './html.js';

/** The head of a table with one row of column names. */
export function columnHeads(names: readonly string[]): Markup {
  return html`<thead>
    <tr>
      ${names.map((name) => html`<th scope="col">${name}</th>`)}
    </tr>
  </thead>`;
}
