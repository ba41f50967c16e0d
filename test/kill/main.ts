/**
 * The kill matrix: real processes, a real server, faults in an order and at moments that follow from one seed.
 *
 *     npm run test:kill -- --kills 50 --seed 7 [--only FAULT] [--trials 12]
 *     npm run test:kill -- --quick
 *     npm run test:kill -- --plant all
 */
import { parseArgs } from 'node:util';
import { messageOf } from '../../workers/fault.js';
import { runCampaign } from './campaign.js';
import { catalogue } from './catalogue.js';
import { copyCode } from './code.js';
import { runCrashLoopLeg } from './crashLoopLeg.js';
import type { Fault } from './fault.js';
import { summary, type Item } from './item.js';
import { runLlmLeg } from './llmLeg.js';
import { SLACK_SECONDS } from './lost.js';
import { runPlants } from './planted.js';
import { runS3Leg } from './s3Leg.js';
import { tinySpec } from './spec.js';
import { sameExploration } from './twin.js';
import type { WorldOptions } from './world.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    plant: { type: 'string' },
    quick: { type: 'boolean', default: false },
    trials: { type: 'string', default: '12' },
  },
});

const QUICK = { kills: 6, trials: 3 };

async function main(): Promise<number> {
  const seed = Number(values.seed);
  const began = performance.now();
  const say = (line: string): void => {
    console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)}  ${line}`);
  };
  if (values.plant !== undefined) return runPlants(values.plant, say);
  say(`seed ${String(seed)}`);
  const code = copyCode();
  try {
    return report(await items(seed, code.root, say));
  } finally {
    code.remove();
  }
}

/** `--only` names faults of the catalogue, or `LLM`, `S3` or `crash loop` for those explorations. */
async function items(seed: number, code: string, say: (line: string) => void): Promise<readonly Item[]> {
  const world: WorldOptions = { code, say: () => undefined };
  const { only } = values;
  const [kills, trials] = [Number(values.kills), Number(values.trials)];
  const faults = catalogue.filter(({ name }) => only === undefined || name.includes(only));
  if (values.quick) return runHome({ seed, kills: QUICK.kills, trials: QUICK.trials, faults, world, say });
  const killed = faults.length === 0 ? [] : await runHome({ seed, kills, trials, faults, world, say });
  const asked = only === undefined || only === 'LLM' ? await runLlmLeg({ seed, world, say }) : [];
  const s3Kills = Math.max(1, Math.round(kills / 3));
  const shared =
    only === undefined || only === 'S3' ? await runS3Leg({ seed, kills: s3Kills, trials, world, say }) : [];
  const looped = only === undefined || only === 'crash loop' ? await runCrashLoopLeg(world, say) : [];
  return [...killed, ...asked, ...shared, ...looped];
}

interface Home {
  readonly seed: number;
  readonly kills: number;
  readonly trials: number;
  readonly faults: readonly Fault[];
  readonly world: WorldOptions;
  readonly say: (line: string) => void;
}

/** An embedded installation on one machine, everything in one folder. */
function runHome({ seed, kills, trials, faults, world, say }: Home): Promise<readonly Item[]> {
  return runCampaign({
    ...{ title: 'home', seed, kills, faults, say, world, twinWorld: world },
    ...{ comparison: sameExploration, slackSeconds: SLACK_SECONDS },
    spec: (leg) => tinySpec({ name: 'kill', seed: seed * 1000 + leg, trials, steps: 120 }),
  });
}

/** The table, what did not hold, and the two numbers. */
function report(items: readonly Item[]): number {
  const failed = items.filter(({ broken }) => broken.length > 0);
  console.log(`\n${summary(items).join('\n')}\n`);
  for (const { fault, broken } of failed) console.log(`${fault}:\n  ${broken.join('\n  ')}`);
  const { kills, seed, only } = values;
  const options = [
    values.quick ? '--quick' : `--kills ${kills}`,
    ...(only === undefined ? [] : [`--only '${only}'`]),
  ];
  const again = `npm run test:kill -- --seed ${seed} ${options.join(' ')}`;
  if (failed.length > 0) console.log(`again: ${again}`);
  console.log(`${String(items.length - failed.length)} passed, ${String(failed.length)} failed`);
  return failed.length > 0 ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(messageOf(error));
    process.exit(1);
  },
);
