#!/usr/bin/env node
// The built command line; `npm start` and `npm run build` make it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../dist/cli/main.js');
if (!existsSync(main)) {
  console.error(`lamdagent: expected the build at ${main}, got none. Run \`npm run setup\` first.`);
  process.exit(1);
}
// Whoever reads the output may have seen enough: `lamdagent leaderboard NAME | head`.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
const { run } = await import(main);
const code = await run(process.argv.slice(2));
// What a slow reader has not taken yet would be lost.
for (const stream of [process.stdout, process.stderr])
  await new Promise((resolve) => {
    stream.write('', resolve);
  });
// Open connections and timers must not keep a finished command alive.
process.exit(code);
