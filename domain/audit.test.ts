import assert from 'node:assert/strict';
import { AUDIT_RULES, auditLedger, findingText, type AuditedScale, type Books } from './audit.js';
import { sampleBooks, sampleEvidence } from './auditSamples.js';
import type { ContaminationSummary } from './contamination.js';
import type { DecisionRecord } from './decision.js';
import type { Intervention } from './intervention.js';
import type { Attempt } from './outcome.js';
import type { Confirmation, ExplorationResult, Figures, SplitScores } from './result.js';
import type { StageCost, TrialRecord } from './trial.js';

type Plant = (books: Books) => Books;

const rows =
  (change: (row: TrialRecord) => TrialRecord): Plant =>
  (books) => ({ ...books, rows: books.rows.map(change) });
const row = (trial: number, change: Partial<TrialRecord>): Plant =>
  rows((one) => (one.trial === trial ? { ...one, ...change } : one));
const stage = (trial: number, change: (of: StageCost) => StageCost): Plant =>
  rows((one) =>
    one.trial === trial
      ? { ...one, stages: one.stages.map((of, index) => (index === 0 ? change(of) : of)) }
      : one,
  );
const attempt = (number: number, change: Partial<Attempt>): Plant =>
  stage(2, (of) => ({
    ...of,
    attempts: of.attempts.map((one) => (one.attempt === number ? { ...one, ...change } : one)),
  }));
const both =
  (...plants: readonly Plant[]): Plant =>
  (books) =>
    plants.reduce((now, plant) => plant(now), books);

const result =
  (change: Partial<ExplorationResult>): Plant =>
  (books) => ({ ...books, result: books.result === null ? null : { ...books.result, ...change } });
const confirmation =
  (change: Partial<Confirmation>): Plant =>
  (books) =>
    books.result === null
      ? books
      : result({ confirmation: { ...books.result.confirmation, ...change } })(books);
const finalist =
  (change: Partial<SplitScores>): Plant =>
  (books) =>
    confirmation({
      finalists: (books.result?.confirmation.finalists ?? []).map((one) => ({ ...one, ...change })),
    })(books);
/** The plan says something else of the first dataset. */
const gated =
  (change: Partial<ContaminationSummary['datasets'][number]>): Plant =>
  (books) => {
    const { contamination } = books.plan;
    if (contamination === undefined) throw new Error('contamination: expected it in the sample');
    const datasets = contamination.datasets.map((one, index) => (index === 0 ? { ...one, ...change } : one));
    return { ...books, plan: { ...books.plan, contamination: { ...contamination, datasets } } };
  };
const NO_FIGURES: Figures = {
  ...{ models: [], gains: [], shrinkage: null, constraintsOnTest: [] },
  counts: { evaluated: 0, feasible: 0, finalists: 0, champion: 0 },
};
const BUDGET: Extract<Intervention, { kind: 'budget' }> = {
  ...{ schemaVersion: 1, number: 0, at: '2026-01-01T00:00:00.000Z', by: 'ann', kind: 'budget' },
  before: sampleBooks().plan.budget,
  after: { ...sampleBooks().plan.budget, trials: 9 },
};
const INHERITED = { name: 'other', explorationId: 'other-00000000', rows: 1, kept: 1, leftOut: [] };

/** The base's row taken over from another exploration. */
function inheritedBase(books: Books): Books {
  const inherited = { explorationId: INHERITED.explorationId, trial: 0 };
  const taken = row(0, {
    inherited,
    stages: (books.rows[0]?.stages ?? []).map((of) => ({ ...of, reused: true })),
  })(books);
  const objects = books.objects.map((one) => ({ ...one, madeFor: null }));
  return { ...taken, objects, source: books.rows, plan: { ...books.plan, inherited: INHERITED } };
}

/** Trial 2 crashed, and trial 3 tried its stage again, as a person asked. */
function retried(books: Books): Books {
  const [failed, again] = [books.rows[2], books.rows[3]];
  if (failed === undefined || again === undefined) throw new Error('rows: expected four');
  const { stageId, weightsSha256 } = failed;
  const build = failed.stages[0];
  if (build === undefined) throw new Error('stages: expected a build');
  const lost = build.attempts
    .slice(0, 1)
    .map((one) => ({ ...one, worker: 'other', stepsKept: 0, stepsLost: 40, lostGpuSeconds: 4 }));
  const nothing = { weightsSha256: null, scores: {}, score: null, standardError: null, feasible: false };
  const crashed: TrialRecord = {
    ...failed,
    ...nothing,
    status: 'crashed',
    stages: [{ ...build, attempts: lost, gpuSeconds: 4, lostGpuSeconds: 4 }],
  };
  const request = { origin: 'proposed', decision: null, intervention: 1, retryOf: 2 } as const;
  const retry: TrialRecord = {
    ...again,
    ...request,
    stageId,
    weightsSha256,
    stages: [build, ...again.stages.slice(1)],
  };
  const requested = {
    action: { kind: 'sft', models: [], datasets: [], parameters: {} },
    stageId,
    label: '',
  } as const;
  const { at, by } = BUDGET;
  return {
    ...books,
    rows: [...books.rows.slice(0, 2), crashed, retry],
    decisions: books.decisions.slice(0, 1),
    interventions: [BUDGET, { schemaVersion: 1, number: 1, at, by, kind: 'retry', requested }],
    finals: [],
    result: null,
    objects: [],
  };
}

const decided =
  (change: Partial<DecisionRecord>): Plant =>
  (books) => ({
    ...books,
    decisions: books.decisions.map((one) => ({ ...one, ...change })),
  });
const scale =
  (change: (of: AuditedScale) => AuditedScale): Plant =>
  (books) => ({
    ...books,
    scales: books.scales.map(change),
  });

/** For each rule the faults that it alone, or it among others, must find. */
const PLANTED: Readonly<Record<string, Readonly<Record<string, Plant>>>> = {
  sequence: {
    'a gap': (books) => ({ ...books, rows: books.rows.filter(({ sequence }) => sequence !== 1) }),
    'a number twice': row(2, { sequence: 1 }),
  },
  trialOnce: { 'a trial booked again': row(3, { trial: 2 }) },
  noTrialLost: {
    'a row that is missing at the end': (books) => ({ ...books, rows: books.rows.slice(0, 3) }),
    'more missing than may be in flight': (books) => ({
      ...books,
      result: null,
      rows: books.rows.slice(0, 2),
    }),
  },
  oneDecision: {
    'a gap': (books) => ({ ...books, decisions: books.decisions.slice(1) }),
    'a number twice': (books) => ({
      ...books,
      decisions: [...books.decisions, ...books.decisions.slice(0, 1)],
    }),
  },
  decisionOfTrial: {
    'no decision': row(3, { decision: 9 }),
    'the decision of another trial': row(3, { decision: 0 }),
    'another stage than the decided one': row(3, { stageId: 'f'.repeat(64) }),
    'a baseline that was decided': row(1, { decision: 0 }),
    'a trial proposed twice': (books) => ({
      ...books,
      decisions: books.decisions.map((one) => ({ ...one, proposed: { ...one.proposed, trial: 2 } })),
    }),
  },
  stageOfDecision: {
    'a stage that has another hash': (books) => ({
      ...books,
      decisions: books.decisions.map((one) => ({ ...one, stage: { ...one.stage, stageId: 'f'.repeat(64) } })),
    }),
  },
  billedOnce: {
    'a call twice': (books) => ({
      ...books,
      decisions: books.decisions.map((one) => ({ ...one, calls: [...one.calls, ...one.calls] })),
    }),
  },
  scores: {
    'a missing benchmark': row(2, { scores: {} }),
    'a score over 1': rows((one) => ({
      ...one,
      scores: Object.fromEntries(
        Object.entries(one.scores).map(([name, of]) => [name, { ...of, score: 1.5 }]),
      ),
    })),
    'a failed trial with scores': row(2, { status: 'crashed' }),
  },
  objective: { 'another mean': row(2, { score: 0.51 }), 'another feasibility': row(2, { feasible: false }) },
  champion: {
    'a champion that failed': row(2, { status: 'diverged' }),
    'a champion out of nowhere': (books) => ({
      ...books,
      result: books.result === null ? null : { ...books.result, champion: 77 },
    }),
  },
  openedOnce: {
    'a second opening': (books) => ({
      ...books,
      openings: books.openings.flatMap((one) => [one, { ...one, number: 1, by: 'run-2', forced: true }]),
    }),
    'a model tested that it was not opened for': (books) => ({
      ...books,
      openings: books.openings.map((one) => ({ ...one, models: one.models.slice(0, 1) })),
    }),
    'no record of it': (books) => ({ ...result({ figures: NO_FIGURES })(books), openings: [] }),
  },
  amongFinalists: {
    'a champion that was no finalist': both(confirmation({ champion: 3 }), result({ champion: 3 })),
  },
  finalistFlags: {
    'a finalist called feasible that is not': finalist({ feasible: false }),
    'another score than the confirm split gave': finalist({ score: 0.99 }),
    'a constraint called shown whose limit falls short': finalist({
      constraints: [sampleEvidence({ lower: -0.03 })],
    }),
    'a constraint called not shown that is': finalist({ constraints: [sampleEvidence({ shown: false })] }),
    'another difference than that of the scores': finalist({ constraints: [sampleEvidence({ value: 0.1 })] }),
    'a finalist that was never scored': finalist({ trial: 3 }),
  },
  gateRecord: {
    'no record of it': (books) => ({ ...books, gate: null }),
    'a record that was changed': (books) => ({
      ...books,
      gate: books.gate === null ? null : { ...books.gate, sha256: 'f'.repeat(64) },
    }),
    'a plan that tells of fewer matches': gated({ matchedRows: 1, droppedRows: 1 }),
  },
  cleanRows: {
    'a row trained on that copies an item': gated({ droppedRows: 1 }),
    'more rows to train on than were kept': gated({ rows: 1 }),
  },
  choice: {
    'the base kept although a finalist is better': both(
      confirmation({ champion: 0 }),
      result({ champion: 0 }),
    ),
  },
  chances: {
    'a chance out of nowhere': row(2, {
      constraints: [
        { benchmark: 'guard', base: '', slack: 0.02, standardError: 0.1, paired: true, chance: 0.99 },
      ],
    }),
    'a feasible trial below its limit': row(2, {
      constraints: [{ benchmark: 'guard', base: '', slack: -1, standardError: 0, paired: true, chance: 0 }],
    }),
  },
  rung: {
    'a policy trial that began in the middle': both(
      (books) => ({ ...books, plan: { ...books.plan, fidelity: { rungs: [0.25, 0.5, 1], reduction: 2 } } }),
      row(2, { fidelity: 0.5 }),
    ),
    'a share in a search without rungs': row(3, { fidelity: 0.25 }),
    'a promotion of another pipeline': row(3, { origin: 'promotion', promotes: 2 }),
  },
  promotion: {
    'a promotion out of nowhere': decided({ policy: 'promotion' }),
    'a last promotion of nothing': decided({ policy: 'finalPromotion' }),
  },
  finalistAtTop: { 'a finalist on a share of the data': row(2, { fidelity: 0.25 }) },
  scaleModels: {
    'a model without a row': scale((of) => ({ ...of, rows: of.rows.slice(1) })),
    'a model of nowhere': scale((of) => ({
      ...of,
      rows: of.rows.map((one) => ({ ...one, result: { ...one.result, stageId: 'f'.repeat(64) } })),
    })),
  },
  scaleSplit: {
    'scores of another split': scale((of) => ({
      ...of,
      rows: of.rows.map((one) => ({
        ...one,
        result: {
          ...one.result,
          scores: Object.fromEntries(
            Object.entries(one.result.scores).map(([name, score]) => [
              name,
              { ...score, stageId: 'e'.repeat(64) },
            ]),
          ),
        },
      })),
    })),
  },
  scaleOrder: {
    'an order called kept inside the interval': scale((of) => ({
      ...of,
      result:
        of.result === null
          ? null
          : {
              ...of.result,
              orders: of.result.orders.map((one) => ({
                ...one,
                scaled: { value: 0.1, low: -0.01, high: 0.2 },
              })),
            },
    })),
  },
  paidOnce: {
    'a stage paid by two trials': (books) => ({
      ...books,
      rows: books.rows.map((one) =>
        one.trial === 3 ? { ...one, stages: books.rows[2]?.stages ?? [] } : one,
      ),
    }),
    'a stage paid again on a later split': (books) => ({
      ...books,
      finals: books.finals.map((one) => ({
        ...one,
        result: { ...one.result, stages: one.result.stages.map((of) => ({ ...of, reused: false })) },
      })),
    }),
  },
  everyStageBooked: { 'a model nobody booked': row(2, { stages: [] }) },
  paidByMaker: {
    'what was paid is called reused': stage(2, (of) => ({ ...of, reused: true })),
    'an evaluation nobody paid': rows((one) => ({
      ...one,
      stages: one.stages.filter(({ kind }) => kind !== 'evaluate'),
    })),
  },
  spend: {
    'GPU-seconds out of nowhere': stage(2, (of) => ({ ...of, gpuSeconds: of.gpuSeconds + 0.01 })),
    'lost GPU-seconds forgotten': stage(2, (of) => ({ ...of, lostGpuSeconds: 0 })),
  },
  sameWeights: {
    'other weights in the ledger': row(2, { weightsSha256: 'f'.repeat(64) }),
    'other weights in the store': (books) => ({
      ...books,
      objects: books.objects.map((one) =>
        one.kind === 'sft' ? { ...one, weightsSha256: 'e'.repeat(64) } : one,
      ),
    }),
  },
  oneIntervention: { 'a gap': (books) => ({ ...books, interventions: [{ ...BUDGET, number: 1 }] }) },
  requestOfTrial: {
    'a trial that nobody asked for': row(3, { origin: 'proposed', decision: null, intervention: 0 }),
    'a policy trial with an act': row(3, { intervention: 0 }),
    'one act for two trials': both(
      row(2, { origin: 'proposed', decision: null, intervention: 0 }),
      row(3, { origin: 'proposed', decision: null, intervention: 0 }),
    ),
  },
  budgetChain: {
    'a budget from nowhere': (books) => ({
      ...books,
      interventions: [{ ...BUDGET, before: { ...BUDGET.before, trials: 7 } }],
    }),
  },
  inheritedRows: {
    'one that the plan does not name': row(3, { inherited: { explorationId: 'other', trial: 3 } }),
    'one that is missing': (books) => ({ ...books, plan: { ...books.plan, inherited: INHERITED } }),
    'one that was paid': both(inheritedBase, (books) => ({
      ...books,
      rows: books.rows.map((one) => ({
        ...one,
        stages: one.stages.map((of) => ({ ...of, reused: false })),
      })),
    })),
    'other scores than in the source': both(inheritedBase, (books) => ({
      ...books,
      source: (books.source ?? []).map((one) => ({ ...one, weightsSha256: 'd'.repeat(64) })),
    })),
  },
  attemptOrder: { 'a number twice': attempt(2, { attempt: 1 }), zero: attempt(1, { attempt: 0 }) },
  oneCompleted: {
    'completed twice': attempt(1, { end: 'completed' }),
    'never completed': attempt(3, { end: 'preempted' }),
    'no attempts at all': stage(2, (of) => ({ ...of, attempts: [], gpuSeconds: 0, lostGpuSeconds: 0 })),
  },
  stepsAddUp: {
    'a loss hidden': attempt(1, { stepsLost: 0 }),
    'a loss called kept': attempt(1, { stepsLost: 0, stepsKept: 40 }),
    'steps that nobody did': attempt(2, { resumedStep: 50, stepsKept: 10 }),
    'a checkpoint passed over, its steps still called kept': attempt(3, { resumedStep: 30, stepsKept: 70 }),
  },
  lostTime: {
    'more lost than spent': attempt(1, { lostGpuSeconds: 100 }),
    'less than nothing': attempt(1, { lostGpuSeconds: -1 }),
  },
  preemptionIsNoFailure: {
    'crashed by preemptions': both(
      row(2, { status: 'crashed', scores: {}, score: null, standardError: null, feasible: false }),
      rows((one) => (one.trial === 2 ? { ...one, stages: one.stages.slice(0, 1) } : one)),
      stage(2, (of) => ({ ...of, attempts: of.attempts.map((one) => ({ ...one, end: 'preempted' })) })),
    ),
  },
};

/** Attempts 0 to 60 and, from a torn checkpoint's predecessor at 50, 50 to 55; then the one of step 60 could be read. */
const detour = (kept: readonly [number, number]): Plant =>
  both(
    attempt(1, { lastStep: 60, stepsKept: kept[0], stepsLost: 60 - kept[0], gpuSeconds: 4 }),
    attempt(2, { end: 'lost', resumedStep: 50, lastStep: 55, stepsKept: kept[1], stepsLost: 5 - kept[1] }),
  );

describe('the audit', () => {
  it('finds nothing in right books, nor in those of an exploration that runs', () => {
    const books = sampleBooks();
    assert.deepEqual(auditLedger(books), []);
    for (let rows = 0; rows <= books.rows.length; rows += 1)
      assert.deepEqual(
        auditLedger({
          ...books,
          rows: books.rows.slice(0, rows),
          decisions: books.decisions.slice(0, Math.max(0, rows - 1)),
          finals: [],
          openings: [],
          scales: [],
          result: null,
        }),
        [],
        `after ${String(rows)} rows`,
      );
  });

  it('finds nothing in books with inherited rows, changed budgets and a trial that was tried again', () => {
    assert.deepEqual(auditLedger(inheritedBase(sampleBooks())), []);
    assert.deepEqual(auditLedger(retried(sampleBooks())), []);
    const twice = retried(sampleBooks());
    const stages = twice.rows[3]?.stages ?? [];
    const rows = twice.rows.map((one) => (one.trial === 2 ? { ...one, stages: stages.slice(0, 1) } : one));
    const findings = auditLedger({ ...twice, rows }).filter(({ rule }) => rule === 'paidOnce');
    assert.equal(findings.length, 1, 'the same attempts paid by both');
  });

  it('books a detour over an older checkpoint as lost, and only that', () => {
    const steps = (kept: readonly [number, number]) =>
      auditLedger(detour(kept)(sampleBooks())).filter(({ rule }) => rule === 'stepsAddUp');
    assert.deepEqual(steps([60, 0]), []);
    assert.notDeepEqual(steps([50, 5]), []);
  });

  it('has a planted fault for every rule', () => {
    assert.deepEqual(Object.keys(PLANTED).sort(), AUDIT_RULES.map(({ name }) => name).sort());
  });

  for (const [rule, faults] of Object.entries(PLANTED))
    for (const [what, plant] of Object.entries(faults))
      it(`${rule}: finds ${what}`, () => {
        const findings = auditLedger(plant(sampleBooks()));
        const found = findings.filter((one) => one.rule === rule);
        assert.notEqual(found.length, 0, findings.map(findingText).join('\n') || 'nothing found');
        for (const one of found) assert.match(findingText(one), /^.+: expected .+, got .+\. \(\w+\)$/);
      });
});
