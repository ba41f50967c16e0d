import assert from 'node:assert/strict';
import { AUDIT_RULES, auditLedger, findingText, type AuditedScale, type Books } from './audit.js';
import { sampleBooks } from './auditSamples.js';
import type { DecisionRecord } from './decision.js';
import type { Attempt } from './outcome.js';
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
          scales: [],
          result: null,
        }),
        [],
        `after ${String(rows)} rows`,
      );
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
