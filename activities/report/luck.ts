import { expectedMaximum } from '../../domain/normal.js';
import type { ExplorationResult, Figures } from '../../domain/result.js';
import { trialName } from '../../domain/trial.js';
import { percent } from './format.js';
import { html, type Markup } from './html.js';

/** What the later splits took back of the champion's search score, and what luck alone would explain. */
export function luckPart(result: ExplorationResult, { shrinkage }: Figures): Markup {
  if (shrinkage === null) return html``;
  const { candidates, factor, standardError, expected } = shrinkage;
  const champion = trialName(result.champion);
  return html`<h3>Shrinkage</h3>
    <p>
      Score of ${champion}: ${change(shrinkage.searchToConfirm)} from search to confirm,
      ${change(shrinkage.searchToTest)} from search to test. Its gain over the base, in which the difficulty
      of the splits cancels out: ${change(shrinkage.gainSearchToConfirm)} and
      ${change(shrinkage.gainSearchToTest)}.
    </p>
    <p>
      Of ${String(candidates)} equally good models the best-looking is expected to look
      <strong>${percent(expected)} points</strong> better than it is: c(${String(candidates)}) =
      ${factor.toFixed(3)} standard errors (the expected largest of as many normal values; Harter 1961) of
      ${percent(standardError)} points. The trials share the items and differ in truth, so this is about the
      most that luck explains.
    </p>
    ${manyFinalists(result)}`;
}

/** Several finalists were looked at on the confirm split, so it flatters the best of them a little too. */
function manyFinalists({ confirmation: { finalists } }: ExplorationResult): Markup {
  const count = finalists.length;
  if (count < 2) return html``;
  const level = finalists[0]?.constraints?.[0]?.level;
  const risk =
    level === undefined
      ? ''
      : ` Each was tested at a level of ${percent(level)} %, so the chance that one which breaks a constraint passes is up to ${percent(Math.min(1, count * (1 - level)))} % in all.`;
  return html`<p>
    The champion is the best of ${String(count)} finalists on the confirm split, which flatters it there by up
    to ${expectedMaximum(count).toFixed(2)} standard errors.${risk} The test split was opened for the chosen
    one and what it is compared with, so its figures need no such correction.
  </p>`;
}

/** A fall as `-1.2 points`. */
function change(fall: number | null): string {
  if (fall === null) return 'unknown';
  return `${fall > 0 ? '-' : '+'}${percent(Math.abs(fall))} points`;
}
