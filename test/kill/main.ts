/** The kill matrix: `npm run test:kill -- --kills 50 --seed 7 [--only FAULT]`. */
import { parseArgs } from 'node:util';
import { messageOf } from '../../workers/fault.js';
import { runCampaign } from './campaign.js';
import { catalogue } from './catalogue.js';
import { tinySpec } from './spec.js';
import { summary } from './item.js';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      trials: { type: 'string', default: '12' },
    },
  });
  const seed = Number(values.seed);
  const began = performance.now();
  const say = (line: string): void => {
    console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)}  ${line}`);
  };
  const faults = catalogue.filter(({ name }) => values.only === undefined || name.includes(values.only));
  say(`seed ${String(seed)}, ${values.kills} faults of ${String(faults.length)} kinds`);
  const items = await runCampaign({
    ...{ seed, kills: Number(values.kills), faults, say, world: {} },
    spec: (leg) =>
      tinySpec({ name: 'kill', seed: seed * 1000 + leg, trials: Number(values.trials), steps: 120 }),
  });
  const failed = items.filter(({ broken }) => broken.length > 0);
  console.log(`\n${summary(items).join('\n')}\n`);
  for (const { fault, broken } of failed) console.log(`${fault}:\n  ${broken.join('\n  ')}`);
  if (failed.length > 0)
    console.log(`again: npm run test:kill -- --kills ${values.kills} --seed ${String(seed)}`);
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
