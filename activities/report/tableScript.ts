/**
 * Sorts and filters the leaderboard. Plain JavaScript for any browser of the last years; without it the table is
 * simply complete. Header buttons set `aria-sort`; a status line says what is shown.
 */
export const TABLE_SCRIPT = `'use strict';
const view = { column: -1, isRising: false, text: '', met: false, near: false };
function enhanceBoard() {
  const get = (id) => document.getElementById(id);
  const board = get('board');
  if (board === null) return;
  const heads = [...board.tHead.rows[0].cells];
  const names = heads.map((head) => head.textContent.trim());
  const given = [...board.tBodies[0].rows];
  const texts = new Map(given.map((row) => [row, row.textContent.toLowerCase()]));
  const key = (row, column) => {
    const { dataset: { v }, textContent } = row.cells[column];
    if (heads[column].dataset.sort === 'text') return textContent.trim();
    const number = Number.parseFloat(v ?? textContent);
    return Number.isNaN(number) ? null : number;
  };
  const compare = (a, b) =>
    typeof a === 'string' ? a.localeCompare(b, 'en', { numeric: true }) : a - b;
  const sorted = () => {
    if (view.column < 0) return given;
    const sign = view.isRising ? 1 : -1;
    const keys = new Map(given.map((row) => [row, key(row, view.column)]));
    return [...given].sort((a, b) => {
      const [left, right] = [keys.get(a), keys.get(b)];
      if (left === null || right === null) return Number(left === null) - Number(right === null);
      return sign * compare(left, right);
    });
  };
  const draw = () => {
    board.tBodies[0].append(...sorted());
    const words = view.text.toLowerCase().split(/\\s+/).filter((word) => word !== '');
    let shown = 0;
    for (const row of given) {
      const fits =
        words.every((word) => texts.get(row).includes(word)) &&
        (!view.met || row.dataset.met === '1') &&
        (!view.near || row.dataset.near === '1' || row === given[0]);
      row.hidden = !fits;
      shown += Number(fits);
    }
    heads.forEach((head, column) => {
      if (column === view.column) head.setAttribute('aria-sort', view.isRising ? 'ascending' : 'descending');
      else head.removeAttribute('aria-sort');
    });
    const order = view.column < 0 ? 'best first' : 'sorted by ' + names[view.column] + ', ' + (view.isRising ? 'ascending' : 'descending');
    get('board-said').textContent = shown + ' of ' + given.length + ' trials, ' + order;
  };
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.id = 'board-sort-' + column;
    button.textContent = names[column];
    button.addEventListener('click', () => {
      const isText = head.dataset.sort === 'text';
      view.isRising = view.column === column ? !view.isRising : isText;
      view.column = column;
      draw();
    });
    head.replaceChildren(button);
  });
  const field = (id, name, property) => {
    get(id)[property] = view[name];
    get(id).addEventListener('input', ({ target }) => {
      view[name] = target[property];
      draw();
    });
  };
  field('board-text', 'text', 'value');
  field('board-met', 'met', 'checked');
  field('board-near', 'near', 'checked');
  get('board-tools').addEventListener('submit', (event) => event.preventDefault());
  get('board-tools').hidden = false;
  draw();
}
enhanceBoard();
`;

/** Looks for changes and replaces the sections that changed; what was open, focused, sorted and filtered stays so. */
export const LIVE_SCRIPT = `
let sources = new Map();
const sectionsOf = (root) =>
  new Map([...root.querySelectorAll('main > section')].map((one) => [one.getAttribute('aria-labelledby'), one]));
async function refresh() {
  const answer = await fetch(location.pathname, { cache: 'no-cache' });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const open = [...document.querySelectorAll('details[open] > [id]')].map(({ id }) => id);
  const focused = document.activeElement?.id;
  const here = sectionsOf(document);
  const there = sectionsOf(fresh);
  const next = new Map([...there].map(([label, one]) => [label, one.outerHTML]));
  const same = (label) => here.has(label) && sources.get(label) === next.get(label);
  document.querySelector('main').replaceChildren(
    ...[...there].map(([label, one]) => (same(label) ? here.get(label) : document.adoptNode(one))),
  );
  document.querySelector('nav').replaceWith(document.adoptNode(fresh.querySelector('nav')));
  if (!same('leaderboard')) enhanceBoard();
  sources = next;
  for (const id of open) document.getElementById(id)?.closest('details')?.setAttribute('open', '');
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  document.title = fresh.title;
  tell('Live. Last change seen at ' + new Date().toLocaleTimeString());
}
function tell(text) {
  document.getElementById('live').textContent = text;
}
const events = new EventSource('events');
events.addEventListener('changed', () => refresh().catch(() => tell('Live. The last refresh failed; the next change tries again.')));
events.addEventListener('open', () => refresh().then(() => tell('Live: this page follows the exploration.')).catch(() => tell('Live, but the page could not be read anew.')));
events.addEventListener('error', () => tell('Not live: the server does not answer. This page is the last that was seen.'));
`;
