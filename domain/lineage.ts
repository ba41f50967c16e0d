import { fidelityOf, recipeOf } from './fidelity.js';
import type { Plan } from './plan.js';
import { compareRows } from './ranking.js';
import { rewardIdOf } from './reward.js';
import { inputIds, type BuildKind } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import type { TrialRecord } from './trial.js';

/** Something that a pipeline is made from or goes through: a dataset, a given model, or a stage that makes a model. */
export interface LineageNode {
  /** The stage id; of a build stage the one at full fidelity, so that a pipeline's rungs are one node. */
  readonly id: string;
  readonly kind: 'dataset' | 'model' | BuildKind;
  /** Of a dataset or a given model. */
  readonly name: string;
  /** Rows that score this very model, on most data first; empty for data, and for a given model that was not scored. */
  readonly rows: readonly TrialRecord[];
  /** The champion, or something that it is made from. */
  readonly isOfChampion: boolean;
}
export interface LineageEdge {
  readonly from: string;
  readonly to: string;
  /** From a dataset. */
  readonly isData: boolean;
  /** Between two nodes of the champion's pipeline. */
  readonly isOfChampion: boolean;
}
/** A part of the graph of everything that was made, closed under "is made from": each stage stands in it once. */
export interface Lineage {
  /** Inputs before what is made from them. */
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  readonly champion: string | null;
  /** Build stages in the graph, and those that were left out to keep it readable. */
  readonly stages: number;
  readonly leftOut: number;
}

/**
 * The champion's pipeline with all that it is built on, then the next best ones with theirs, as long as there are at
 * most `mostStages` build stages. `champion`: a trial; null: none yet.
 */
export function lineageOf(
  plan: Plan,
  rows: readonly TrialRecord[],
  { champion, mostStages }: { readonly champion: number | null; readonly mostStages: number },
): Lineage {
  const made = madeBy(rows);
  const inputs = (id: string): readonly string[] => inputsOf(plan, made.get(id)?.[0]);
  const builds = [...made].filter(([, [row]]) => row?.action !== null).map(([id]) => id);
  const best = rows.find(({ trial }) => trial === champion);
  const champions = best === undefined ? [] : ancestry([recipeOf(best)], inputs);
  const chosen = new Set(champions);
  const isBuild = new Set(builds);
  const size = (ids: Iterable<string>): number => [...ids].filter((id) => isBuild.has(id)).length;
  for (const row of [...rows].sort(compareRows)) {
    const wider = new Set([...chosen, ...ancestry([recipeOf(row)], inputs)]);
    if (size(wider) > mostStages) break;
    for (const id of wider) chosen.add(id);
  }
  const ordered = ancestry([...chosen], inputs);
  const ofChampion = new Set(champions);
  const data = new Set(plan.datasets.map(({ stageId }) => stageId));
  return {
    nodes: ordered.map((id) => nodeOf(plan, made, id, ofChampion.has(id))),
    edges: ordered.flatMap((to) =>
      inputs(to).map((from) => ({
        from,
        to,
        isData: data.has(from),
        isOfChampion: ofChampion.has(to) && ofChampion.has(from),
      })),
    ),
    champion: best === undefined ? null : recipeOf(best),
    stages: size(chosen),
    leftOut: builds.length - size(chosen),
  };
}

/** Rows by the pipeline they belong to, the one on most data first. */
function madeBy(rows: readonly TrialRecord[]): ReadonlyMap<string, readonly TrialRecord[]> {
  const made = new Map<string, readonly TrialRecord[]>();
  for (const row of rows) {
    const id = recipeOf(row);
    const all = [...(made.get(id) ?? []), row];
    made.set(
      id,
      all.sort((a, b) => fidelityOf(b) - fidelityOf(a)),
    );
  }
  return made;
}

/** Of an action: its models, its datasets, and the base that a merge takes its differences from. */
function inputsOf(plan: Plan, row: TrialRecord | undefined): readonly string[] {
  return row === undefined || row.action === null ? [] : inputIds(stageOfAction(plan, row.action));
}

/** The stages and all that they are made from, inputs first, each once. */
function ancestry(ids: readonly string[], inputs: (id: string) => readonly string[]): readonly string[] {
  const found = new Set<string>();
  const walk = (id: string): void => {
    if (found.has(id)) return;
    for (const input of inputs(id)) walk(input);
    found.add(id);
  };
  for (const id of ids) walk(id);
  return [...found];
}

function nodeOf(
  plan: Plan,
  made: ReadonlyMap<string, readonly TrialRecord[]>,
  id: string,
  isOfChampion: boolean,
): LineageNode {
  const rows = made.get(id) ?? [];
  const common = { id, rows, isOfChampion };
  const dataset = plan.datasets.find(({ stageId }) => stageId === id);
  if (dataset !== undefined) return { ...common, kind: 'dataset', name: dataset.name };
  const model = plan.models.find(({ stageId }) => stageId === id);
  const scorer = (['model', 'function'] as const).find((source) => rewardIdOf(plan, source) === id);
  const name = scorer === undefined ? model?.name : `reward ${scorer}`;
  return { ...common, kind: rows[0]?.action?.kind ?? 'model', name: name ?? id.slice(0, 8) };
}
