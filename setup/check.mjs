// npm run check: types, lint and format of both languages; every fault is reported, exit code 1 if there is one.
import { collected } from './command.mjs';
import { runMain, say } from './progress.mjs';
import { inRoot, inVenv } from './root.mjs';
import { setUp } from './setup.mjs';

const node = (script, ...args) => [process.execPath, [inRoot('node_modules', script), ...args]];
const PYTHON_FOLDERS = ['python-gpu', 'examples', 'benchmarks'];
const RUFF = ['--config', inRoot('python-gpu/pyproject.toml'), ...PYTHON_FOLDERS];
const CHECKS = [
  ['eslint', ...node('eslint/bin/eslint.js', '.')],
  ['tsc', ...node('typescript/bin/tsc', '--noEmit')],
  ['mypy', inVenv('python'), ['-m', 'mypy', 'lamdagent_gpu'], inRoot('python-gpu')],
  ['prettier', ...node('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.')],
  ['ruff check', inVenv('ruff'), ['check', ...RUFF]],
  ['ruff format', inVenv('ruff'), ['format', '--check', ...RUFF]],
];

await runMain(async () => {
  await setUp({ dev: true });
  const waiting = [...CHECKS];
  const failed = [];
  const lane = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift())
      if (!(await passes(check))) failed.push(check[0]);
  };
  await Promise.all([lane(), lane()]);
  say(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});

async function passes([name, program, args, cwd]) {
  const { code, output } = await collected(program, args, cwd === undefined ? {} : { cwd });
  say(`${name}: ${code === 0 ? 'ok' : `exit code ${code}`}`);
  if (code !== 0) process.stdout.write(`\n===== ${name} =====\n${output}\n`);
  return code === 0;
}
