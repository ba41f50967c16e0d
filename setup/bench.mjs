// npm run bench:NAME [-- OPTIONS]: sets up what is missing, then runs benchmarks/NAME.ts.
import { existsSync } from 'node:fs';
import { shown } from './command.mjs';
import { runMain, SetupFault } from './progress.mjs';
import { ensureRival } from './pythonPackages.mjs';
import { inRoot } from './root.mjs';
import { setUp } from './setup.mjs';

const RIVALS = {
  merge: ['mergekit', 'requirements-mergekit.txt'],
  evaluation: ['lm-eval', 'requirements-lm-eval.txt'],
};

await runMain(async () => {
  const [name, ...options] = process.argv.slice(2);
  const program = inRoot('benchmarks', `${name}.ts`);
  if (!existsSync(program)) throw new SetupFault(`benchmark: expected one of benchmarks/*.ts, got ${name}.`);
  await setUp({ dev: true });
  if (Object.hasOwn(RIVALS, name)) await ensureRival(...RIVALS[name]);
  return shown(process.execPath, ['--import', 'tsx', program, ...options]);
});
