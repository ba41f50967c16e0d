import assert from 'node:assert/strict';
import { lineageOf } from './lineage.js';
import { samplePlan, sampleResult } from './samples.js';
import { identify, sha256Hex } from './stage.js';
import { stageOfAction } from './stageOfAction.js';
import type { Action, TrialRecord } from './trial.js';

const plan = samplePlan();
const base = plan.models[0]?.stageId ?? '';
const id = (action: Action): string => identify(stageOfAction(plan, action)).stageId;
const sft = (model: string, dataset: string): Action => ({
  kind: 'sft',
  models: [model],
  datasets: [dataset],
  parameters: {},
});
const merge = (...models: string[]): Action => ({
  kind: 'merge',
  models,
  datasets: [],
  parameters: { method: 'ties' },
});

function row(trial: number, action: Action | null, score: number): TrialRecord {
  const stageId = action === null ? base : id(action);
  return {
    ...sampleResult(trial, score),
    ...{ schemaVersion: 1, origin: action === null ? 'base' : 'policy', decision: null, action, stageId },
    ...{ label: 'x', sequence: trial, score, standardError: 0.02, feasible: true },
  };
}

const left = sft(base, 'alpha');
const right = sft(id(left), 'beta');
const rows = [
  row(0, null, 0.3),
  row(1, left, 0.4),
  row(2, right, 0.5),
  row(3, merge(id(left), id(right)), 0.6),
];

describe('the lineage graph', () => {
  it('holds every stage once, after what it is made from, with exact edges', () => {
    const { nodes, edges, stages, leftOut } = lineageOf(plan, rows, { champion: 3, mostStages: 10 });
    const places = new Map(nodes.map((node, index) => [node.id, index]));
    assert.equal(places.size, nodes.length);
    for (const { from, to } of edges) assert.ok((places.get(from) ?? 99) < (places.get(to) ?? -1));
    const names = new Map(
      nodes.map(({ id: at, name, rows: [first] }) => [at, first === undefined ? name : String(first.trial)]),
    );
    assert.deepEqual(
      edges
        .map(
          ({ from, to, isData }) => `${names.get(from) ?? ''}>${names.get(to) ?? ''}${isData ? ' data' : ''}`,
        )
        .sort(),
      ['0>1', '0>3', '1>2', '1>3', '2>3', 'alpha>1 data', 'beta>2 data'],
      'the merge takes its differences from the base (0>3)',
    );
    assert.deepEqual([stages, leftOut], [3, 0]);
  });

  it('marks what the champion is made from, and nothing else', () => {
    const { nodes, edges } = lineageOf(plan, rows, { champion: 2, mostStages: 10 });
    const marked = nodes.filter(({ isOfChampion }) => isOfChampion);
    const named = marked.map(({ name, rows: [first] }) => (first === undefined ? name : String(first.trial)));
    assert.deepEqual([...named].sort(), ['0', '1', '2', 'alpha', 'beta']);
    assert.equal(edges.filter(({ isOfChampion }) => isOfChampion).length, 4);
  });

  it('keeps the whole champion in a graph that is too small for all, and counts what is left out', () => {
    const many = Array.from({ length: 40 }, (_, n) =>
      row(10 + n, { ...sft(base, 'alpha'), parameters: { steps: 200 + n } }, 0.2),
    );
    const { stages, leftOut, nodes } = lineageOf(plan, [...rows, ...many], { champion: 3, mostStages: 5 });
    assert.deepEqual([stages, leftOut], [5, 38]);
    for (const trial of [1, 2, 3]) assert.ok(nodes.some(({ rows: [first] }) => first?.trial === trial));
    assert.equal(lineageOf(plan, [...rows, ...many], { champion: 3, mostStages: 1 }).stages, 3);
  });

  it('draws the rungs of one pipeline as one node, the one on most data first', () => {
    const low = { ...row(5, left, 0.35), stageId: sha256Hex('low'), recipeId: id(left), fidelity: 0.25 };
    const { nodes, stages } = lineageOf(plan, [low, ...rows], { champion: null, mostStages: 10 });
    const both = nodes.find((node) => node.id === id(left));
    assert.deepEqual([stages, both?.rows.map(({ trial }) => trial)], [3, [1, 5]]);
  });
});
