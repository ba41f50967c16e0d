// npm start [-- OPTIONS]: sets up what is missing, then `lamdagent quickstart OPTIONS` in this process.
import { runMain } from './progress.mjs';
import { setUp } from './setup.mjs';

await runMain(async () => {
  await setUp();
  const { run } = await import('../dist/cli/main.js');
  process.exit(await run(['quickstart', ...process.argv.slice(2)]));
});
