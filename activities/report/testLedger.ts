import { constraintChances } from '../../domain/constraintChance.js';
import type { DecisionRecord } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import { stagesBehind } from '../../domain/pipelineSize.js';
import { poolOf, type Pool } from '../../domain/pool.js';
import { randomOf, type Random } from '../../domain/random.js';
import { judge, ranking } from '../../domain/ranking.js';
import { sampleNewAction } from '../../domain/space.js';
import { identify, sha256Hex } from '../../domain/stage.js';
import { describeAction, stageOfAction } from '../../domain/stageOfAction.js';
import {
  trialName,
  type Action,
  type StageCost,
  type TrialOrigin,
  type TrialRecord,
} from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { abilityAfter, BASE, type Ability } from './testAbility.js';
import { writeSyntheticCurves } from './testCurves.js';
import { concludeSynthetic, scoreOn, type Simulated } from './testConclusion.js';
import { decisionOf } from './testDecision.js';
import { failing, fleetOf, isoAt, type Fleet } from './testFleet.js';
import { allData, planOf, type LedgerOptions } from './testPlan.js';

/** Models that the next actions are drawn on. */
const WIDTH = 12;

/** Writes the ledger to the store: plan, rows, decisions, and, once the search is over, the scores on later splits. */
export async function writeSyntheticLedger(store: Store, options: LedgerOptions): Promise<Plan> {
  const plan = planOf(options);
  const { explorationId, name } = plan;
  await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
  const pointer = { explorationId, workflowId: `explore/${name}`, startedAt: isoAt(0) };
  await store.replace(keys.name(name), JSON.stringify(pointer));
  const world = simulated(plan, options);
  const booked = world.rows.slice(0, options.isRunning === true ? -3 : undefined);
  for (const row of booked)
    await store.putIfAbsent(keys.row(explorationId, row.sequence), JSON.stringify(row));
  await writeSyntheticCurves(store, booked);
  for (const one of world.decisions)
    await store.putIfAbsent(keys.decision(explorationId, one.decision), JSON.stringify(one));
  if (options.isRunning !== true) await concludeSynthetic(store, plan, world);
  return plan;
}

interface World extends Simulated {
  readonly decisions: readonly DecisionRecord[];
}

function simulated(plan: Plan, { trials, hostile = '' }: LedgerOptions): World {
  const random = randomOf('synthetic', plan.seed, trials);
  const fleet = fleetOf(plan.parallel, 0.14, random);
  const abilities = new Map<string, Ability>([[plan.models[0]?.stageId ?? '', BASE]]);
  const rows: TrialRecord[] = [];
  const decisions: DecisionRecord[] = [];
  const tried = new Set<string>();
  for (let trial = 0; trial < trials + 2; trial += 1) {
    const now = trial < 2 ? 0 : fleet.nextFree();
    const at = isoAt(now);
    const known = rows.filter(({ endedAt }) => trial < 2 || endedAt <= at);
    const action =
      trial === 0 ? null : trial === 1 ? allData(plan) : chosen(plan, known, { tried, abilities, random });
    const row = rowOf(plan, { trial, action, now, hostile }, { rows, fleet, abilities, random });
    rows.push(row);
    tried.add(row.stageId);
    if (action !== null && trial > 1)
      decisions.push(decisionOf(plan, row, { known: known.length, hostile, random }));
  }
  const inOrder = [...rows].sort((a, b) =>
    a.endedAt < b.endedAt ? -1 : a.endedAt > b.endedAt ? 1 : a.trial - b.trial,
  );
  return { rows: inOrder.map((row, sequence) => ({ ...row, sequence })), decisions, abilities };
}

/** The best models so far and what they are made from: searching among all would take minutes. */
function promising(plan: Plan, rows: readonly TrialRecord[]): Pool {
  const pool = poolOf(plan, rows);
  const best = ranking(rows)
    .filter(({ feasible }) => feasible)
    .slice(0, WIDTH)
    .map(({ stageId }) => stageId);
  const kept = new Set(best.flatMap((id) => [id, ...stagesBehind(pool, id)]));
  return new Map([...pool].filter(([id, { row }]) => (row?.action ?? null) === null || kept.has(id)));
}

/** Of a few random new actions the one on the best models. */
function chosen(
  plan: Plan,
  rows: readonly TrialRecord[],
  {
    tried,
    abilities,
    random,
  }: {
    readonly tried: ReadonlySet<string>;
    readonly abilities: ReadonlyMap<string, Ability>;
    readonly random: Random;
  },
): Action {
  const pool = promising(plan, rows);
  const drawn = [1, 2, 3, 4].flatMap(() => {
    const kind = random.pick(['sft', 'sft', 'dpo', 'merge'] as const) ?? 'sft';
    const action =
      sampleNewAction({ plan, pool, tried }, kind, random) ??
      sampleNewAction({ plan, pool, tried }, 'sft', random);
    return action === null ? [] : [action];
  });
  const promise = ({ models }: Action): number =>
    models.reduce((sum, id) => sum + (abilities.get(id)?.tools ?? 0), 0) / models.length;
  const [best] = drawn.sort((a, b) => promise(b) - promise(a));
  if (best === undefined)
    throw new Error('synthetic ledger: expected an action that was not tried, got none');
  return best;
}

function rowOf(
  plan: Plan,
  {
    trial,
    action,
    now,
    hostile,
  }: {
    readonly trial: number;
    readonly action: Action | null;
    readonly now: number;
    readonly hostile: string;
  },
  {
    rows,
    fleet,
    abilities,
    random,
  }: {
    readonly rows: readonly TrialRecord[];
    readonly fleet: Fleet;
    readonly abilities: Map<string, Ability>;
    readonly random: Random;
  },
): TrialRecord {
  const pool = poolOf(plan, rows);
  const stageId =
    action === null ? (plan.models[0]?.stageId ?? '') : identify(stageOfAction(plan, action)).stageId;
  const parents = (action?.models ?? []).map((id) => abilities.get(id) ?? BASE);
  const ability =
    action === null
      ? BASE
      : abilityAfter(
          { ...action, datasets: action.datasets.map((one) => one.replace(hostile, '')) },
          parents,
          random,
        );
  const steps = action === null || action.kind === 'merge' ? 0 : Number(action.parameters['steps'] ?? 120);
  const hasFailed = action !== null && action.kind !== 'merge' && trial > 1 && random.real() < 0.05;
  const message = hasFailed
    ? `loss: expected a finite number, got NaN at step ${String(Math.floor(steps / 2))}.${hostile}`
    : '';
  const run =
    action === null
      ? null
      : fleet.run(now, {
          steps,
          seconds: action.kind === 'merge' ? 25 : steps * (action.kind === 'dpo' ? 2.6 : 1.7),
        });
  const build = run === null || !hasFailed ? run : failing(run, steps, message);
  const evaluation = hasFailed ? null : fleet.run(build?.endedAt ?? now, { steps: 0, seconds: 70 });
  const scores = hasFailed
    ? {}
    : Object.fromEntries(
        plan.benchmarks.map(({ name }) => [name, scoreOn('search', name, { trial, ability })]),
      );
  if (!hasFailed) abilities.set(stageId, ability);
  const baseScores = rows[0]?.scores ?? scores;
  const origin: TrialOrigin = trial === 0 ? 'base' : trial === 1 ? 'allData' : 'policy';
  const label =
    action === null
      ? 'base, untouched'
      : describeAction(
          plan,
          action,
          (id) => pool.get(id)?.name ?? trialName(rows.find((one) => one.stageId === id)?.trial ?? 0),
        );
  const stage = (kind: string, id: string, run: typeof build): readonly StageCost[] =>
    run === null
      ? []
      : [
          {
            stageId: id,
            kind,
            reused: false,
            gpuSeconds: run.gpuSeconds,
            lostGpuSeconds: run.lostGpuSeconds,
            attempts: run.attempts,
          },
        ];
  const reused = (action?.models ?? []).flatMap(
    (id) => rows.find((row) => row.stageId === id)?.stages.filter((one) => one.stageId === id) ?? [],
  );
  return {
    ...{
      schemaVersion: 1,
      sequence: 0,
      trial,
      origin,
      decision: trial > 1 ? trial - 2 : null,
      action,
      stageId,
    },
    label: `${label}${hostile}`,
    status: hasFailed ? 'diverged' : 'completed',
    message,
    weightsSha256: hasFailed ? null : sha256Hex(`weights ${stageId}`),
    scores,
    stages: [
      ...reused.map((one) => ({ ...one, reused: true })),
      ...(action === null ? [] : stage(action.kind, stageId, build)),
      ...stage('evaluate', scores['tools']?.stageId ?? '', evaluation),
    ],
    metrics: steps > 0 && !hasFailed ? lossesOf(action?.kind ?? 'sft', random) : {},
    ...{ startedAt: isoAt(now), endedAt: isoAt(evaluation?.endedAt ?? build?.endedAt ?? now) },
    ...(hasFailed
      ? { score: null, standardError: null, feasible: false }
      : { ...judge(plan, scores, baseScores), constraints: constraintChances(plan, scores, baseScores) }),
  };
}

function lossesOf(kind: string, random: Random): TrialRecord['metrics'] {
  const first = kind === 'dpo' ? 0.6931 : 1.6 + 0.3 * random.real();
  return {
    firstLoss: first,
    loss: first * (0.45 + 0.3 * random.real()),
    tokens: Math.round(2e6 * (0.5 + random.real())),
  };
}
