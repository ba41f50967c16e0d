// npm run bench [-- --quick]: all of them (benchAll.mjs). npm run bench:NAME [-- OPTIONS]: sets up what is missing, then runs
// benchmarks/NAME.ts.
import { existsSync } from 'node:fs';
import { benchAll } from './benchAll.mjs';
import { shown } from './command.mjs';
import { runMain, SetupFault } from './progress.mjs';
import { ensureBeside, ensureRival } from './pythonPackages.mjs';
import { inRoot } from './root.mjs';
import { setUp } from './setup.mjs';

const RIVALS = {
  merge: ['mergekit', 'requirements-mergekit.txt'],
  evaluation: ['lm-eval', 'requirements-lm-eval.txt'],
};
const BESIDE = { overhead: 'benchmarks/overhead/requirements.txt' };

async function bench(name, options, env = {}) {
  if (Object.hasOwn(RIVALS, name)) await ensureRival(...RIVALS[name]);
  if (Object.hasOwn(BESIDE, name)) await ensureBeside(name, BESIDE[name]);
  const program = inRoot('benchmarks', `${name}.ts`);
  return shown(process.execPath, ['--import', 'tsx', program, ...options], { env });
}

await runMain(async () => {
  const [name, ...options] = process.argv.slice(2);
  const isOne = name !== undefined && !name.startsWith('-');
  if (isOne && !existsSync(inRoot('benchmarks', `${name}.ts`)))
    throw new SetupFault(`benchmark: expected one of benchmarks/*.ts, got ${name}.`);
  await setUp({ dev: true });
  return isOne ? bench(name, options) : benchAll(process.argv.slice(2), bench);
});
