/**
 * The kill matrix: real processes, a real server, faults in an order and at moments that follow from one seed.
 *
 *     npm run test:kill -- --kills 50 --seed 7 [--only FAULT] [--trials 12]
 */
import { parseArgs } from 'node:util';
import { messageOf } from '../../workers/fault.js';
import { runCampaign } from './campaign.js';
import { catalogue } from './catalogue.js';
import { copyCode } from './code.js';
import { summary, type Item } from './item.js';
import { runLlmLeg } from './llmLeg.js';
import { tinySpec } from './spec.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    trials: { type: 'string', default: '12' },
  },
});

async function main(): Promise<number> {
  const seed = Number(values.seed);
  const began = performance.now();
  const say = (line: string): void => {
    console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)}  ${line}`);
  };
  say(`seed ${String(seed)}`);
  const code = copyCode();
  try {
    return report(await items(seed, code.root, say));
  } finally {
    code.remove();
  }
}

/** `--only` names faults of the catalogue; `--only LLM` the explorations with an agent. */
async function items(seed: number, code: string, say: (line: string) => void): Promise<readonly Item[]> {
  const world = { code };
  const only = values.only;
  const faults = catalogue.filter(({ name }) => only === undefined || name.includes(only));
  const spec = (leg: number) =>
    tinySpec({ name: 'kill', seed: seed * 1000 + leg, trials: Number(values.trials), steps: 120 });
  const killed =
    faults.length === 0
      ? []
      : await runCampaign({ seed, kills: Number(values.kills), faults, spec, world, say });
  const asked = only === undefined || only === 'LLM' ? await runLlmLeg({ seed, world, say }) : [];
  return [...killed, ...asked];
}

/** The table, what did not hold, and the two numbers. */
function report(items: readonly Item[]): number {
  const failed = items.filter(({ broken }) => broken.length > 0);
  console.log(`\n${summary(items).join('\n')}\n`);
  for (const { fault, broken } of failed) console.log(`${fault}:\n  ${broken.join('\n  ')}`);
  const { kills, seed, only } = values;
  const again = `npm run test:kill -- --kills ${kills} --seed ${seed}${only === undefined ? '' : ` --only '${only}'`}`;
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
