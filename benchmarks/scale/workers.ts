/**
 * Simulated GPU workers, many in one process: `tsx benchmarks/scale/workers.ts --address HOST:PORT --store FOLDER
 * --workers 64 --build 5,20 --evaluate 2,5` (seconds). Each polls as a GPU worker does: one stage at a time.
 */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createFolderStore } from '../../activities/store/folder.js';
import { readEnvironment } from '../../workers/env.js';
import { watchParent } from '../../workers/parent.js';
import { QUEUES } from '../../workflows/contract.js';
import { simulatedGpu, type Seconds } from './simulatedGpu.js';

const { values } = parseArgs({
  options: {
    address: { type: 'string', default: '127.0.0.1:7233' },
    store: { type: 'string', default: '' },
    workers: { type: 'string', default: '1' },
    build: { type: 'string', default: '0,0' },
    evaluate: { type: 'string', default: '0,0' },
  },
});

Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
const store = createFolderStore(values.store);
const numbers = Array.from({ length: Number(values.workers) }, (_, index) => index + 1);
const workers = await Promise.all(numbers.map(workerOf));
const stop = (): void => {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
watchParent(readEnvironment().parentPid, stop);
await Promise.all(workers.map((worker) => worker.run()));
process.exit(0);

/** Each with a connection of its own, as on a machine of its own; two workers of one queue may not share one. */
async function workerOf(number: number): Promise<Worker> {
  const connection = await connected(values.address);
  const worker = `${hostname()}:${String(process.pid)}-${String(number)}`;
  const seconds = { build: secondsOf(values.build), evaluate: secondsOf(values.evaluate) };
  return Worker.create({
    ...{ connection, taskQueue: QUEUES.gpu, identity: worker, maxConcurrentActivityTaskExecutions: 1 },
    activities: simulatedGpu({ store, worker, ...seconds }),
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
    // As the GPU worker throttles its beats.
    ...{ maxHeartbeatThrottleInterval: '2 seconds', defaultHeartbeatThrottleInterval: '2 seconds' },
  });
}

/** Waits for the server: both are started at once. */
async function connected(address: string): Promise<NativeConnection> {
  for (;;) {
    try {
      return await NativeConnection.connect({ address });
    } catch {
      await sleep(200);
    }
  }
}

function secondsOf(text: string): Seconds {
  const [least = 0, most = least] = text.split(',').map(Number);
  return [least, most];
}
