// Runs mocha and pytest and counts what they found.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { collected } from './command.mjs';
import { say } from './progress.mjs';
import { cache, inRoot, inVenv, venv } from './root.mjs';
import { readJunit } from './testCounts.mjs';

const NOTHING = { passed: 0, failed: 0, skipped: 0, names: [] };
// One thread a process: two processes with two threads each are several times slower on two cores.
const ENV = { OMP_NUM_THREADS: '1', PATH: [join(venv, 'bin'), process.env.PATH].join(delimiter) };

/** The tests that the arguments name; without any, those of `.mocharc.json`. */
export async function mocha(...more) {
  const file = join(cache, 'mocha.json');
  const args = [inRoot('node_modules/mocha/bin/mocha.js'), '--reporter', inRoot('setup/mochaReporter.cjs')];
  const env = { ...ENV, LAMDAGENT_MOCHA_COUNTS: file };
  return suite('mocha', file, {
    read: (text) => JSON.parse(text),
    program: process.execPath,
    args: [...args, ...more],
    options: { env },
  });
}

/** The tests below `python-gpu/tests`, or one file of them; a path that isn't there is a failure. */
export async function pytest(path = 'tests') {
  const file = join(cache, 'pytest.xml');
  if (!existsSync(inRoot('python-gpu', path))) {
    say(`pytest: expected python-gpu/${path}, got no such file`);
    return { ...NOTHING, failed: 1, names: [`pytest: ${path}`] };
  }
  const args = ['-m', 'pytest', '-q', `--junitxml=${file}`, path];
  const options = { env: ENV, cwd: inRoot('python-gpu') };
  return suite('pytest', file, { read: readJunit, program: inVenv('python'), args, options });
}

/** Prints the names of what failed and `N passed, N failed, N skipped` over all suites; resolves with the exit code. */
export function total(counts) {
  const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map((key) =>
    counts.reduce((sum, one) => sum + one[key], 0),
  );
  for (const name of counts.flatMap(({ names }) => names)) process.stdout.write(`failed: ${name}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/** Runs one suite; a run that breaks without saying which test failed counts as one failure. */
async function suite(name, file, { read, program, args, options }) {
  mkdirSync(cache, { recursive: true });
  rmSync(file, { force: true });
  say(`${name}: running`);
  const { code, output } = await collected(program, args, options);
  process.stdout.write(`\n===== ${name} =====\n${output}\n`);
  const counts = existsSync(file) ? read(readFileSync(file, 'utf8')) : NOTHING;
  say(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (code === 0 || counts.failed > 0) return counts;
  return { ...counts, failed: 1, names: [`${name}: ended with exit code ${code}`] };
}
