// npm test: sets up what is missing, runs mocha and pytest side by side, and ends with `N passed, N failed, N skipped`.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { collected } from './command.mjs';
import { runMain, say } from './progress.mjs';
import { cache, inRoot, inVenv, venv } from './root.mjs';
import { readJunit } from './testCounts.mjs';
import { setUp } from './setup.mjs';

const NOTHING = { passed: 0, failed: 0, skipped: 0 };
// One thread a process: two processes with two threads each are several times slower on two cores.
const ENV = { OMP_NUM_THREADS: '1', PATH: [join(venv, 'bin'), process.env.PATH].join(delimiter) };

await runMain(async () => {
  await setUp({ dev: true });
  mkdirSync(cache, { recursive: true });
  const counts = await Promise.all([mocha(), pytest()]);
  const total = Object.keys(NOTHING).map((key) => counts.reduce((sum, one) => sum + one[key], 0));
  const [passed, failed, skipped] = total;
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed > 0 || passed === 0 ? 1 : 0;
});

async function mocha() {
  const file = join(cache, 'mocha.json');
  const args = [inRoot('node_modules/mocha/bin/mocha.js'), '--reporter', inRoot('setup/mochaReporter.cjs')];
  const env = { ...ENV, LAMDAGENT_MOCHA_COUNTS: file };
  return suite('mocha', file, (text) => JSON.parse(text), process.execPath, args, { env });
}

async function pytest() {
  const file = join(cache, 'pytest.xml');
  if (!existsSync(inRoot('python-gpu/tests'))) return { ...NOTHING, failed: 1 };
  const args = ['-m', 'pytest', '-q', `--junitxml=${file}`, 'tests'];
  return suite('pytest', file, readJunit, inVenv('python'), args, { env: ENV, cwd: inRoot('python-gpu') });
}

/** Runs one suite; a run that breaks without saying which test failed counts as one failure. */
async function suite(name, file, read, program, args, options) {
  rmSync(file, { force: true });
  say(`${name}: running`);
  const { code, output } = await collected(program, args, options);
  process.stdout.write(`\n===== ${name} =====\n${output}\n`);
  const counts = existsSync(file) ? read(readFileSync(file, 'utf8')) : NOTHING;
  say(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}
