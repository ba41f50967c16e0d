import assert from 'node:assert/strict';
import { join } from 'node:path';
import { billingFaults } from '../benchmarks/agentProtocol/check.js';
import { faultsOf } from '../benchmarks/agentProtocol/page.js';
import { runProtocol, type ProtocolRun } from '../benchmarks/agentProtocol/protocol.js';
import { withFolder } from './harness.js';
import { startFaultyLlm } from './kill/llm.js';

/** The program behind `npm run bench:agent` with a scripted LLM: quick, and its answers are drawn by the question. */
describe('the agent’s protocol, killed twice', function () {
  this.timeout(180_000);

  async function run(decisions: number): Promise<ProtocolRun> {
    const server = await startFaultyLlm(() => null);
    try {
      let outcome: ProtocolRun | null = null;
      await withFolder(async (folder) => {
        outcome = await runProtocol({
          ...{ folder: join(folder, 'store'), baseUrl: String(server.llm['baseUrl']), decisions, seed: '3' },
          ...{ model: 'scripted', limits: 'hosted', thinkMs: 400, say: () => undefined },
          kills: [
            { from: 2, calls: 1 },
            { from: 5, calls: 2 },
          ],
        });
      });
      assert.ok(outcome);
      return outcome;
    } finally {
      await server.stop();
    }
  }

  it('makes 10 decisions, none illegal and none a repeat, and asks nothing again that was on record', async () => {
    const outcome = await run(10);
    assert.deepEqual(faultsOf(outcome, 10), []);
    assert.deepEqual(
      outcome.kills.map(({ recorded, asked }) => [recorded, asked]),
      [
        [1, 1],
        [2, 2],
      ],
    );
    assert.equal(outcome.answered, outcome.protocol.calls);
    assert.ok(outcome.protocol.explored >= 1);
  });

  it('would be found out: an answer that is paid twice, and one that nobody booked', () => {
    const call = { promptSha256: 'a'.repeat(64) };
    const booked = [{ calls: [call] }] as unknown as Parameters<typeof billingFaults>[0];
    const sent = (...prompts: readonly string[]) =>
      prompts.map((prompt) => ({ promptSha256: prompt.repeat(64), answered: true }));
    assert.deepEqual(billingFaults(booked, sent('a')), []);
    assert.equal(billingFaults(booked, sent('a', 'a')).length, 1);
    assert.equal(billingFaults(booked, sent('a', 'b')).length, 1);
  });
});
