import { startFaultProxy } from '../faultProxy.js';
import { S3_VARIABLES, startS3Server } from '../s3Server.js';
import { runCampaign } from './campaign.js';
import type { Fault } from './fault.js';
import { kills } from './faults/kills.js';
import { notices } from './faults/notice.js';
import { points, pointFault } from './faults/points.js';
import { zombies } from './faults/zombie.js';
import { plain, type Item } from './item.js';
import { tinySpec } from './spec.js';
import { sameStages } from './twin.js';
import type { WorldOptions } from './world.js';

export interface S3LegOptions {
  readonly seed: number;
  readonly kills: number;
  readonly trials: number;
  readonly world: WorldOptions;
  readonly say: (line: string) => void;
}

/** The share of requests to the store that meet a fault. */
const FAULT_RATE = 0.03;
/** A copy of a checkpoint waits 10 s for a silent store and is tried again after 2 s; meanwhile no newer one is safe. */
const SLACK_SECONDS = 15;

/** What may strike GPU workers that share nothing but the server and the bucket. */
export const s3Faults: readonly Fault[] = [
  ...kills,
  ...points.filter(({ name }) => !name.startsWith('disk full')),
  pointFault({
    name: 'kill before the manifest of an upload',
    ...{ point: 'upload/before-manifest', promise: 'P4', actions: ['kill', 'kill-parent'] },
  }),
  ...notices,
  ...zombies,
];

/** Two GPU workers with folders of their own, two trials at once, and a store that fails now and then. */
export async function runS3Leg(options: S3LegOptions): Promise<readonly Item[]> {
  const server = await startS3Server();
  const faults = await startFaultProxy({
    target: server.endpoint,
    seed: String(options.seed),
    rate: FAULT_RATE,
  });
  // The matrix itself reads the store straight.
  Object.assign(process.env, S3_VARIABLES, { AWS_ENDPOINT_URL_S3: server.endpoint });
  const variables = { ...S3_VARIABLES, AWS_ENDPOINT_URL_S3: faults.endpoint };
  try {
    const items = await runCampaign({
      ...{ title: 's3', seed: options.seed, kills: options.kills, faults: s3Faults, say: options.say },
      ...{ comparison: sameStages, twinWorld: options.world, slackSeconds: SLACK_SECONDS },
      world: { ...options.world, s3: { location: 's3://lamdagent/fleet', variables }, gpuWorkers: 2 },
      spec: (leg) => specOf(options.seed * 1000 + 500 + leg, options.trials),
    });
    const met = Object.entries(faults.counts).map(([kind, count]) => storeItem(kind, count));
    return [...items, ...met];
  } finally {
    await faults.close();
    await server.close();
  }
}

function specOf(seed: number, trials: number) {
  return tinySpec({ name: `fleet-${String(seed)}`, seed, trials, parallel: 2, steps: 120 });
}

/** That the store failed in every way is part of the claim. */
function storeItem(kind: string, count: number): Item {
  const broken = count === 0 ? [`store fault ${kind}: expected to be met, got none`] : [];
  return { ...plain(`store: ${kind} (${String(count)} times)`, broken) };
}
