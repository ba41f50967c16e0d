// npm run test:kill [-- --kills N --seed N --only FAULT]: sets up what is missing, then runs the kill matrix.
import { spawnSync } from 'node:child_process';
import { runMain } from './progress.mjs';
import { inRoot } from './root.mjs';
import { setUp } from './setup.mjs';

await runMain(async () => {
  await setUp({ dev: true });
  const args = ['--import', 'tsx', inRoot('test/kill/main.ts'), ...process.argv.slice(2)];
  return spawnSync(process.execPath, args, { stdio: 'inherit', cwd: inRoot('.') }).status ?? 1;
});
