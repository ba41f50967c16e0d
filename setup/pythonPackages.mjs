// The virtual environment: the GPU worker, what it needs, and the Temporal server's binary.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collected, command } from './command.mjs';
import { findPython } from './python.mjs';
import { say, SetupFault } from './progress.mjs';
import { inRoot, inVenv, venv } from './root.mjs';
import { isStamped, stampOf, writeStamp } from './stamp.mjs';

const CPU_WHEELS = 'https://download.pytorch.org/whl/cpu';
const FIX =
  'The first set-up needs the Python package index. Behind a mirror set PIP_INDEX_URL; then run the same command again.';

/** `dev` adds the tools of `npm test` and `npm run check`. */
export async function ensurePythonPackages({ dev = false } = {}) {
  await ensure('Python packages', 'requirements.txt', async () => {
    await command('GPU worker', inVenv('python'), [...PIP, '--no-deps', '-e', inRoot('python-gpu')], {
      fix: FIX,
    });
    await compile(WORKER_IMPORTS);
  });
  if (dev) await ensure('Python test tools', 'requirements-dev.txt', () => compile(TEST_IMPORTS));
}

/** What a benchmark compares with, beside our packages and without what it asks for. */
export const ensureRival = (name, file) => ensure(name, file, () => {}, ['--no-deps']);

/**
 * What a benchmark compares with and what that asks for, in an environment of its own that sees our packages too: nothing of
 * it gets into ours. Returns its folder.
 */
export async function ensureBeside(name, requirements) {
  const folder = inRoot('.cache', name);
  const stampFile = join(folder, '.lamdagent.stamp');
  const stamp = stampOf([venv], [inRoot(requirements), inRoot('python-gpu/requirements.txt')]);
  if (isStamped(stampFile, stamp)) return folder;
  const python = join(folder, 'bin', 'python');
  say(`${name}: installing ${requirements}`);
  await command(`${name} environment`, inVenv('python'), ['-m', 'venv', '--clear', folder]);
  const where = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  const [ours, theirs] = await Promise.all(
    [inVenv('python'), python].map((one) => collected(one, ['-c', where])),
  );
  // `addsitedir` reads the .pth files there too: our own package is an editable one.
  const line = `import site; site.addsitedir(${JSON.stringify(ours.output.trim())})\n`;
  writeFileSync(join(theirs.output.trim(), 'lamdagent.pth'), line);
  await command(name, python, [...PIP, '-r', inRoot(requirements)], { fix: FIX });
  writeStamp(stampFile, stamp);
  say(`${name}: done`);
  return folder;
}

const OWN = ['worker', 'evaluate', 'merge', 'train'];
const WORKER_IMPORTS = [...OWN.map((name) => `lamdagent_gpu.${name}`), 'optuna.samplers'];
const TEST_IMPORTS = ['pytest', 'pytest_asyncio', 'moto.server', 'temporalio.testing'];

// Bytecode is written here, once and whatever PYTHONDONTWRITEBYTECODE says: without it a GPU worker takes 10 s instead of
// 3 s to import torch and transformers, at every start and after every kill.
async function compile(modules) {
  await command('Python bytecode', inVenv('python'), ['-c', `import ${modules.join(', ')}`], {
    env: { PYTHONDONTWRITEBYTECODE: '' },
    fix: FIX,
  });
}

// What is never imported is never compiled: that halves the time of an installation.
const PIP = [
  '-m',
  'pip',
  'install',
  '--disable-pip-version-check',
  '--no-compile',
  '--quiet',
  '--progress-bar',
  'off',
];

async function ensure(name, file, afterwards, options = []) {
  const requirements = inRoot('python-gpu', file);
  const stamp = stampOf([], [requirements, inRoot('python-gpu/pyproject.toml')]);
  const stampFile = join(venv, `.lamdagent-${file}.stamp`);
  if (isStamped(stampFile, stamp)) return;
  await ensureVenv();
  say(`${name}: installing`);
  const args = [...PIP, ...options, ...(await torchIndex()), '-r', requirements];
  await command(name, inVenv('python'), args, { fix: FIX });
  await afterwards();
  writeStamp(stampFile, stamp);
  say(`${name}: done`);
}

async function ensureVenv() {
  if (existsSync(inVenv('python')) && existsSync(inVenv('pip'))) return;
  const python = await findPython();
  say(`Python environment: making ${venv} with ${python}`);
  const { code, output } = await collected(python, ['-m', 'venv', venv]);
  if (code === 0) return;
  throw new SetupFault(
    `Python environment: expected \`${python} -m venv\` to work, got exit code ${code}. ` +
      `On Debian and Ubuntu: sudo apt install python3-venv.\n    ${output.trim().split('\n').slice(-4).join('\n    ')}`,
  );
}

/** PyPI's Linux wheels of torch bring gigabytes of CUDA: without an NVIDIA card the CPU wheels are taken where reachable. */
async function torchIndex() {
  if (process.platform !== 'linux' || existsSync('/proc/driver/nvidia') || process.env.PIP_INDEX_URL)
    return [];
  if (await hasOwnSources()) return [];
  try {
    const answer = await fetch(`${CPU_WHEELS}/torch/`, { method: 'HEAD', signal: AbortSignal.timeout(4000) });
    if (!answer.ok) return [];
    say(`torch: no NVIDIA card seen, taking CPU wheels from ${CPU_WHEELS}; a later card needs a new ${venv}`);
    return ['--extra-index-url', CPU_WHEELS];
  } catch {
    say(`torch: ${CPU_WHEELS} does not answer, taking PyPI's wheels`);
    return [];
  }
}

/** Who configured pip's indexes knows better. */
async function hasOwnSources() {
  const { output } = await collected(inVenv('python'), ['-m', 'pip', 'config', 'list']);
  return /index-url|find-links/.test(output);
}
