// npm run test:store: what a store promises, on a folder and on S3, alone and through a faulty network, in both languages.
import { readdirSync, readFileSync } from 'node:fs';
import { runMain } from './progress.mjs';
import { inRoot } from './root.mjs';
import { setUp } from './setup.mjs';
import { mocha, pytest, total } from './suites.mjs';

const FOLDER = 'activities/store';

await runMain(async () => {
  await setUp({ dev: true });
  const isTest = (name) => name.endsWith('.test.ts');
  const files = readdirSync(inRoot(FOLDER)).filter(isTest);
  const { timeout } = JSON.parse(readFileSync(inRoot('.mocharc.json'), 'utf8'));
  const options = ['--no-config', '--node-option', 'import=tsx', `--timeout=${timeout}`, '--forbid-only'];
  return total([
    await mocha(...options, ...files.map((name) => `${FOLDER}/${name}`)),
    await pytest('tests/test_store_conformance.py'),
  ]);
});
