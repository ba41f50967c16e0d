import { join } from 'node:path';
import { createFolderStore } from '../activities/store/folder.js';
import { createPrepare } from '../activities/spec/prepare.js';
import { createDecide } from '../activities/decide/decide.js';
import { createOpenLlm } from '../activities/decide/openLlm.js';
import { createLedgerActivities } from '../activities/ledger/activities.js';
import { createFinalActivities } from '../activities/ledger/final.js';
import { createServiceActivities } from '../activities/service/service.js';
import { readSpecFile } from '../activities/spec/spec.js';
import { startServer, startOrchestrator, startGpuWorker, endProcess, withFolder } from './harness.js';
const server = await startServer();
await withFolder(async (folder) => {
  const store = createFolderStore(join(folder, 'store'));
  const activities = { prepare: createPrepare({ store }), decide: createDecide({ store, openLlm: createOpenLlm({ apiKey: null, embedded: null }) }), ...createLedgerActivities({ store }), ...createFinalActivities({ store, writeReport: async () => {} }), ...createServiceActivities({ client: server.client, warn: console.warn }) };
  const worker = await startOrchestrator(server, activities);
  const gpu = await startGpuWorker(server.address, join(folder, 'store'));
  const spec = await readSpecFile(join(import.meta.dirname, '../examples/quickstart/spec.yaml'));
  if (!spec.ok) throw new Error(JSON.stringify(spec.faults));
  try {
  const t = Date.now();
  await worker.runUntil(async () => {
    const h = await server.client.workflow.start('explore', { args: [{ ...spec.spec, budget: { trials: Number(process.argv[2] ?? 3) } }], taskQueue: 'lamdagent', workflowId: 'explore/quickstart' });
    const timer = setInterval(() => { h.query('status').then((s: any) => { if (s) console.log(s.phase, s.trials, s.inFlight.map((f: any) => f.proposed.label)); }, () => {}); }, 3000);
    try { console.log(JSON.stringify(await h.result(), null, 1)); } finally { clearInterval(timer); }
    console.log(await h.query('leaderboard'), Date.now() - t);
  });
  } finally { await endProcess(gpu); }
});
await server.teardown();
