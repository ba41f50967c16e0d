// npm run example:smollm2 [-- OPTIONS]: sets up what is missing, then runs benchmarks/smollm2.ts in this process, which hears Ctrl-C.
import { runMain } from './progress.mjs';
import { setUp } from './setup.mjs';

await runMain(async () => {
  await setUp();
  const { register } = await import('tsx/esm/api');
  register();
  await import('../benchmarks/smollm2.ts');
});
