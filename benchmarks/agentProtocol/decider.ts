/** The process that decides, to be killed: `decider.ts STORE EXPLORATION_ID embedded|hosted`. Goes on where the store stands. */
import { createDecide } from '../../activities/decide/decide.js';
import { openAiClient } from '../../activities/decide/llm.js';
import { loadRows } from '../../activities/ledger/read.js';
import { loadPlan } from '../../activities/spec/prepare.js';
import { openStore } from '../../activities/store/open.js';
import type { DecideInput } from '../../domain/decision.js';
import { patiently } from '../patiently.js';
import { book, LIMITS, type LimitsName } from './world.js';

async function main([
  folder = '',
  explorationId = '',
  limits = 'embedded',
]: readonly string[]): Promise<void> {
  const store = openStore(folder, `${folder}-cache`);
  const plan = await loadPlan(store, explorationId);
  const decide = createDecide({
    store,
    openLlm: (settings, signal) =>
      Promise.resolve(openAiClient(settings, { apiKey: null, signal, limits: LIMITS[limits as LimitsName] })),
  });
  for (;;) {
    const { length: ledgerRows } = await loadRows(store, explorationId);
    const decision = ledgerRows - 1; // row 0 is the base's
    if (decision >= plan.budget.trials) return;
    const input = { explorationId, decision, trial: decision + 1, ledgerRows, inFlight: [] };
    const output = await patiently(() => decide(input as DecideInput));
    if (output.kind !== 'proposed') throw new Error('protocol: expected an action, got none');
    await book(store, plan, output.proposed);
  }
}

await main(process.argv.slice(2));
