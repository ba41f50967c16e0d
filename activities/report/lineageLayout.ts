import dagre from '@dagrejs/dagre';
import type { Lineage } from '../../domain/lineage.js';

/** Where everything stands, in pixels; places are centres. Edges are the points that they bend at, ends included. */
export interface LineageLayout {
  readonly width: number;
  readonly height: number;
  readonly places: ReadonlyMap<string, Place>;
  readonly paths: readonly (readonly Place[])[];
}
interface Place {
  readonly x: number;
  readonly y: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 8;

/** A layered drawing from left to right (Gansner et al. 1993, as dagre does it); equal graphs are drawn equally. */
export function layOut(lineage: Lineage, sizeOf: (id: string) => Size): LineageLayout {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', ranksep: 46, nodesep: 10, edgesep: 6, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of lineage.nodes) graph.setNode(id, { ...sizeOf(id) });
  // Models pull at each other harder than data, which many stages share.
  for (const { from, to, isData } of lineage.edges) graph.setEdge(from, to, { weight: isData ? 1 : 8 });
  dagre.layout(graph);
  const widest = Math.max(...lineage.nodes.map(({ id }) => sizeOf(id).width));
  const { width = 0, height = 0 } = graph.graph() as Partial<Size>;
  return {
    ...{ width: Math.ceil(width), height: Math.ceil(height) },
    places: new Map(lineage.nodes.map(({ id }) => [id, graph.node(id) as Place])),
    paths: lineage.edges.map(({ from, to }) => {
      const { points } = graph.edge(from, to) as { points: readonly Place[] };
      const [start, end] = [graph.node(from) as Place & Size, graph.node(to) as Place & Size];
      // Between two layers dagre bends every edge once more, to make room for a label that there is none of.
      const bends = points.slice(1, -1).filter((_, index) => index % 2 === 1);
      return [port(start, 1), ...bends.flatMap((bend) => across(bend, widest)), port(end, -1)];
    }),
  };
}

/** Straight through a layer, so that no edge runs behind a node of it. */
function across({ x, y }: Place, width: number): readonly Place[] {
  return [
    { x: x - width / 2, y },
    { x: x + width / 2, y },
  ];
}

/** The middle of a node's right (1) or left (-1) side. */
function port({ x, y, width }: Place & Size, side: 1 | -1): Place {
  return { x: x + (side * width) / 2, y };
}
