/** Records histories for test/histories: `npx tsx test/record.ts VERSION`. Run it once a released shape. */
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { QUEUES } from '../workflows/contract.js';
import { createDoubles } from './doubles.js';
import { startOrchestrator, startServer } from './harness.js';

/** Without the names of the machine and its processes. */
function anonymous(json: string): string {
  return json
    .replaceAll(hostname(), 'recorder')
    .replace(/("(?:identity|workerInstanceKey)": )"[^"]*"/g, '$1"recorder"');
}

const version = process.argv[2] ?? 'next';
const server = await startServer();
const doubles = createDoubles({ name: 'recorded', explorationId: 'recorded-00000000' });
const orchestrator = await startOrchestrator(server, doubles.activities);
const gpu = await Worker.create({
  connection: server.nativeConnection,
  taskQueue: QUEUES.gpu,
  activities: doubles.gpu,
});
await orchestrator.runUntil(
  gpu.runUntil(async () => {
    const handle = await server.client.workflow.start('explore', {
      args: [{}],
      taskQueue: QUEUES.orchestrator,
      workflowId: 'explore/recorded',
    });
    await handle.result();
    const trial = doubles.rows.find((row) => row.trial === 2);
    const child = `explore/recorded/t0002-${trial?.stageId.slice(0, 8) ?? ''}`;
    for (const [kind, id] of [
      ['explore', 'explore/recorded'],
      ['pipeline', child],
    ] as const) {
      const recorded = await server.client.workflow.getHandle(id).fetchHistory();
      writeFileSync(
        join(import.meta.dirname, 'histories', `${kind}-${version}.json`),
        `${anonymous(historyToJSON(recorded))}\n`,
      );
    }
  }),
);
await server.teardown();
