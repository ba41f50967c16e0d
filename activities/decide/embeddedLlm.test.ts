import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
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

  it('makes 2 decisions, and the first one again when it is started afresh', async () => {
    const first = await decisions([0, 1]);
    await llm?.stop();
    const again = await decisions([0]);
    assert.deepEqual(again, first.slice(0, 1));
  });

  it('ends with the process that started it, even when that is killed', async () => {
    const module = pathToFileURL(join(root, 'workers', 'embeddedLlm.ts')).href;
    const program = `import { createEmbeddedLlm } from ${JSON.stringify(module)};
      const llm = createEmbeddedLlm({ python: ${JSON.stringify(python)}, root: ${JSON.stringify(root)}, say: () => undefined });
      console.log((await llm.open()).baseUrl);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', program];
    const parent = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const [address] = (await once(parent.stdout, 'data')) as [Buffer];
    const health = new URL('/health', address.toString('utf8').trim());
    assert.equal((await fetch(health)).status, 200);
    parent.kill('SIGKILL');
    let isGone = false;
    for (let tries = 0; tries < 50 && !isGone; tries += 1) {
      await sleep(100);
      isGone = await fetch(health).then(
        () => false,
        () => true,
      );
    }
    assert.ok(isGone);
  });

  async function decisions(numbers: readonly number[]): Promise<readonly object[]> {
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
    for (const decision of numbers) {
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
