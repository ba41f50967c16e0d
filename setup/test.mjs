// npm test: sets up what is missing, runs mocha and pytest side by side, and ends with `N passed, N failed, N skipped`.
import { runMain } from './progress.mjs';
import { setUp } from './setup.mjs';
import { mocha, pytest, total } from './suites.mjs';

await runMain(async () => {
  await setUp({ dev: true });
  return total(await Promise.all([mocha(), pytest()]));
});
