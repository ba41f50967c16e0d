import { html, type Markup } from './html.js';

/** Content that may be wider than the page, in a box that scrolls by pointer and by keyboard. */
export function scrolled(label: string, content: Markup): Markup {
  return html`<div class="wide" role="region" aria-label="${label}" tabindex="0">${content}</div>`;
}
