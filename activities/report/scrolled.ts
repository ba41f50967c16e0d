import { html, type Markup } from './html.js';

/** Content that may be wider than the page, in a box that scrolls by pointer and by keyboard. */
export function scrolled(label: string, content: Markup): Markup {
  return html`<div ${scrollable(label)}>${content}</div>`;
}

/** The attributes of such a box. A group and no region: a page has too many of them for landmarks. */
export function scrollable(label: string): Markup {
  return html`class="wide" role="group" aria-label="${label}" tabindex="0"`;
}
