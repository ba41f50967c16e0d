import assert from 'node:assert/strict';
import type { Plan } from '../../domain/plan.js';
import { poolOf } from '../../domain/pool.js';
import { faultOfAction } from '../../domain/space.js';
import { stageIdOf } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import type { Suggest } from '../../domain/suggestion.js';
import type { Action, TrialRecord } from '../../domain/trial.js';
import type { LlmClient } from './exchange.js';
import type { Policy, PolicyContext } from './policy.js';
import { baseRow, contextFor, history, proposalFor, rowFor, spaciousPlan, tinyPlan } from './testWorld.js';

const MOST_MS_AT_5000_ROWS = 5000;

/** What a policy may use. */
export interface Helpers {
  readonly client?: () => LlmClient | null;
  readonly suggest?: Suggest;
}

/** By how much others who use the machine lengthen 0.1 s of a processor now: 1 where nobody does. */
function contention(): number {
  const [startedMs, usage] = [performance.now(), process.cpuUsage()];
  for (;;) {
    const { user, system } = process.cpuUsage(usage);
    const ms = (user + system) / 1000;
    if (ms >= 100) return Math.max(1, (performance.now() - startedMs) / ms);
  }
}

/** What every policy promises, whatever its cleverness. */
export function policyConformance(policy: Policy, { client = () => null, suggest }: Helpers = {}): void {
  const propose = async (context: PolicyContext): Promise<Action | null> =>
    (await policy.propose(context))?.action ?? null;
  const contextOf = (
    plan: Plan,
    rows: readonly TrialRecord[],
    more: Omit<Parameters<typeof contextFor>[2], 'client' | 'suggest'> = {},
  ): PolicyContext =>
    contextFor(plan, rows, { ...more, client: client(), ...(suggest === undefined ? {} : { suggest }) });

  describe(`policy ${policy.name}`, () => {
    it('proposes legal actions only, and none twice, over 40 decisions', async () => {
      const plan = spaciousPlan();
      const rows = [baseRow(plan)];
      for (let trial = 1; trial <= 40; trial += 1) {
        const action = await propose(contextOf(plan, rows));
        assert.ok(action);
        assert.equal(faultOfAction({ plan, pool: poolOf(plan, rows) }, action), null);
        rows.push(rowFor(plan, { trial, origin: 'policy', action, stageId: '' }));
      }
      assert.equal(new Set(rows.map((row) => row.stageId)).size, rows.length);
    });

    it('proposes the same for the same seed and history', async () => {
      const rows = history(spaciousPlan(), 12);
      const both = [1, 2].map(() => propose(contextOf(spaciousPlan(), rows)));
      const [first, second] = await Promise.all(both);
      assert.deepEqual(first, second);
    });

    it('works before anything was scored', async () => {
      assert.ok(await propose(contextOf(spaciousPlan(), [])));
    });

    it(`decides within ${String(MOST_MS_AT_5000_ROWS / 1000)} s on a ledger of 5,000 rows`, async () => {
      const plan = spaciousPlan();
      const rows = history(plan, 5000);
      const context = contextOf(plan, rows);
      const before = contention();
      const startedMs = performance.now();
      assert.ok(await propose(context));
      const tookMs = (performance.now() - startedMs) / Math.max(before, contention());
      assert.ok(tookMs < MOST_MS_AT_5000_ROWS, `${tookMs.toFixed(0)} ms`);
    });

    it('does not propose what is in flight, nor what failed', async () => {
      const plan = spaciousPlan();
      const rows = history(plan, 30);
      const free = await propose(contextOf(plan, rows));
      assert.ok(free);
      const pending = proposalFor(plan, 90, free);
      const inFlight = [pending];
      const decision = rows.length;
      const next = await propose(contextOf(plan, rows, { inFlight, decision }));
      assert.ok(next);
      assert.notEqual(stageIdOf(stageOfAction(plan, next)), pending.stageId);
      const failed = {
        ...rowFor(plan, { trial: 9, origin: 'policy', action: free, stageId: '' }),
        sequence: 31,
      };
      assert.equal(failed.status, 'diverged');
      const after = await propose(contextOf(plan, [...rows, failed], { decision }));
      assert.ok(after);
      assert.notEqual(stageIdOf(stageOfAction(plan, after)), failed.stageId);
    });

    it('tries every action of a small space once, then says that it is exhausted', async () => {
      const plan = tinyPlan();
      const base = baseRow(plan);
      const failing = (trial: number, action: Action): TrialRecord => ({
        ...rowFor(plan, { trial, origin: 'policy', action, stageId: '' }),
        status: 'diverged',
        score: null,
      });
      const rows = [base];
      for (let trial = 1; ; trial += 1) {
        const action = await propose(contextOf(plan, rows));
        if (action === null) break;
        rows.push(failing(trial, action));
      }
      // 2 learning rates × {alpha, beta, both} on the base alone, as every trial failed.
      assert.equal(rows.length, 1 + 6);
      assert.equal(new Set(rows.map((row) => row.stageId)).size, rows.length);
    });
  });
}
