import { curveBumpX, line } from 'd3-shape';
import { isFull } from '../../domain/fidelity.js';
import { lineageOf, type Lineage, type LineageNode } from '../../domain/lineage.js';
import { compareRows } from '../../domain/ranking.js';
import { applicable } from '../../domain/stageOfAction.js';
import { trialName } from '../../domain/trial.js';
import type { StoredExploration } from '../ledger/read.js';
import { clipped, percent, scoreText, settingsText } from './format.js';
import { html, type Markup } from './html.js';
import { layOut, type Size } from './lineageLayout.js';
import { scrolled } from './scrolled.js';

const MOST_STAGES = 24;
const SIZES = { source: { width: 124, height: 30 }, build: { width: 138, height: 44 } } as const;

/** Data → SFT → DPO → merge → score: what the models are made from, shared stages once. */
export function lineageSection(found: StoredExploration): Markup {
  const champion = championOf(found);
  const lineage = lineageOf(found.plan, found.rows, { champion, mostStages: MOST_STAGES });
  if (lineage.stages === 0) return html``;
  return html`<section aria-labelledby="lineage">
    <h2 id="lineage">Lineage</h2>
    ${scrolled('Lineage graph', picture(lineage))}
    <p class="note">
      From left to right: datasets and given models, the stages made from them, and under each its score on
      the search split with one standard error. A stage that several pipelines share stands once.
      ${champion === null ? '' : `Bold: ${found.result === null ? 'the best so far' : 'the champion'} and all that it is made from.`}
      ${leftOutText(lineage)}
    </p>
  </section>`;
}

/** The chosen trial; while the search runs, the best that meets the constraints. */
function championOf({ result, rows }: StoredExploration): number | null {
  if (result !== null) return result.champion;
  const best = [...rows].sort(compareRows).find(({ feasible, score }) => feasible && score !== null);
  return best?.trial ?? null;
}

function leftOutText({ stages, leftOut }: Lineage): string {
  if (leftOut === 0) return `All ${String(stages)} stages are shown.`;
  return `Shown: ${String(stages)} stages, the best trials with all that they are made from; left out: ${String(leftOut)} of lesser trials.`;
}

function picture(lineage: Lineage): Markup {
  const byId = new Map(lineage.nodes.map((node) => [node.id, node]));
  const size = (id: string): Size => SIZES[isSource(byId.get(id)) ? 'source' : 'build'];
  const { width, height, places, paths } = layOut(lineage, size);
  const curve = line<{ x: number; y: number }>(
    ({ x }) => x,
    ({ y }) => y,
  )
    .curve(curveBumpX)
    .digits(1);
  return html`<svg
    class="lineage"
    role="group"
    aria-label="Lineage of ${lineage.stages} stages"
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
  >
    ${lineage.edges.map(
      ({ isOfChampion, isData }, index) =>
        html`<path
          class="${isOfChampion ? 'edge strong' : isData ? 'edge data' : 'edge'}"
          d="${curve(paths[index] ?? []) ?? ''}"
        />`,
    )}
    ${lineage.nodes.map((node) => drawn(node, places.get(node.id), node.id === lineage.champion))}
  </svg>`;
}

function isSource(node: LineageNode | undefined): boolean {
  return node === undefined || node.kind === 'dataset' || node.kind === 'model';
}

function drawn(
  node: LineageNode,
  place: { readonly x: number; readonly y: number } | undefined,
  isChampion: boolean,
): Markup {
  const { x, y } = place ?? { x: 0, y: 0 };
  const { width, height } = SIZES[isSource(node) ? 'source' : 'build'];
  const [row] = node.rows;
  const classes = [
    'node',
    node.kind,
    ...(node.isOfChampion ? ['strong'] : []),
    ...(isChampion ? ['champion'] : []),
  ];
  const shape = html`<g class="${classes.join(' ')}">
    <title>${titleOf(node)}</title>
    <rect
      x="${(x - width / 2).toFixed(1)}"
      y="${(y - height / 2).toFixed(1)}"
      width="${width}"
      height="${height}"
      rx="${node.kind === 'dataset' ? height / 2 : 4}"
    />
    ${linesOf(node).map(
      (text, index, all) =>
        html`<text
          class="${index === 0 ? 'name' : 'score'}"
          x="${x.toFixed(1)}"
          y="${(y + 4 + (index - (all.length - 1) / 2) * 15).toFixed(1)}"
          text-anchor="middle"
          >${text}</text
        >`,
    )}
  </g>`;
  return row === undefined ? shape : html`<a href="#${trialName(row.trial)}">${shape}</a>`;
}

function linesOf({ kind, name, rows }: LineageNode): readonly string[] {
  const [row] = rows;
  if (kind === 'dataset') return [clipped(name, 17)];
  if (kind === 'model') return [clipped(row === undefined ? name : `${name} ${percent(row.score)}`, 18)];
  const score =
    row === undefined ? '' : row.score === null ? row.status : scoreText(row.score, row.standardError);
  return [`${kind.toUpperCase()} ${row === undefined ? '' : trialName(row.trial)}`, score];
}

function titleOf({ kind, name, rows }: LineageNode): string {
  const scores = rows.map((row) => {
    const on = isFull(row) ? '' : ` on ${String(row.fidelity)} of the data`;
    return `${trialName(row.trial)}${on}: ${row.score === null ? row.status : `${percent(row.score)} ± ${percent(row.standardError)}`}${row.feasible || row.score === null ? '' : ', constraints not met'}`;
  });
  const action = rows[0]?.action ?? null;
  if (kind === 'dataset') return `dataset ${clipped(name, 80)}`;
  const what =
    action === null ? `given model ${clipped(name, 80)}` : `${kind} ${settingsText(applicable(action))}`;
  return [what, ...scores].join('; ');
}
