import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DecisionRecord } from '../../domain/decision.js';
import { createEmbeddedLlm, type EmbeddedLlm } from '../../workers/embeddedLlm.js';
import { keys } from '../store/keys.js';
import { createDecide } from './decide.js';
import { memoryStore } from './memoryStore.js';
import { createOpenLlm, EMBEDDED_LLM } from './openLlm.js';
import { history, rowFor, spaciousPlan } from './testWorld.js';

/** The real SmolLM2-135M behind llama.cpp: that the path holds end to end, not that the choices are good. */
describe('the embedded LLM (real SmolLM2, slow)', function () {
  this.timeout(600_000);
  const root = join(import.meta.dirname, '..', '..');
  const python = join(root, '.venv', 'bin', 'python');
  let llm: EmbeddedLlm | null = null;

  before(function () {
    if (!existsSync(python)) this.skip();
    llm = createEmbeddedLlm({ python, root, say: (line) => process.stderr.write(`    ${line}\n`) });
  });
  after(() => llm?.stop());

  it('makes 2 decisions, the same ones when it is started afresh', async () => {
    const first = await decisions();
    await llm?.stop();
    const second = await decisions();
    assert.deepEqual(second, first);
  });

  async function decisions(): Promise<readonly object[]> {
    assert.ok(llm);
    const running = llm;
    const plan = spaciousPlan({ policy: 'agent', llm: EMBEDDED_LLM });
    const store = memoryStore();
    const decide = createDecide({
      store,
      openLlm: createOpenLlm({ apiKey: null, embedded: () => running.open() }),
    });
    const rows = [...history(plan, 4)];
    await store.putIfAbsent(keys.plan(plan.explorationId), JSON.stringify(plan));
    const made: object[] = [];
    for (const decision of [0, 1]) {
      for (const row of rows)
        await store.putIfAbsent(keys.row(plan.explorationId, row.sequence), JSON.stringify(row));
      const { explorationId } = plan;
      const startedMs = performance.now();
      await decide({ explorationId, decision, trial: rows.length, ledgerRows: rows.length, inFlight: [] });
      const record = JSON.parse(
        store.records.get(keys.decision(explorationId, decision)) ?? '',
      ) as DecisionRecord;
      process.stderr.write(`    ${summary(record, (performance.now() - startedMs) / 1000)}\n`);
      made.push({ ...record, calls: record.calls.map((call) => ({ ...call, seconds: 0 })) });
      assert.ok(record.calls.some((call) => call.completionTokens > 0));
      rows.push(rowFor(plan, { ...record.proposed, trial: rows.length }));
    }
    return made;
  }
});

function summary({ proposed, calls, fallback }: DecisionRecord, seconds: number): string {
  const each = calls.map((call) => {
    return `${call.purpose} ${String(call.promptTokens)}+${String(call.completionTokens)} tokens ${call.seconds.toFixed(1)} s${call.fault === null ? '' : ` (${call.fault})`}`;
  });
  return `${proposed.label}; ${seconds.toFixed(1)} s${fallback ? ', fallback' : ''}: ${each.join(', ')}`;
}
