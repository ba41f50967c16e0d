import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Finding } from './doctor.js';
import { childEnvironment, type Environment } from './env.js';
import { messageOf } from './fault.js';
import { findTemporal } from './temporalServer.js';

const run = promisify(execFile);
const SETUP = 'Run `npm run setup`.';
const OLDEST = { node: '20.19', python: '3.10' } as const;
/** What a program may take to answer: the training libraries are imported from a slow disk. */
const ANSWER_MS = 60_000;

const TRAINING = `
import importlib.metadata as m
from lamdagent_gpu.device_probe import choose
device = choose('auto')
print('torch', m.version('torch'), 'transformers', m.version('transformers'), 'trl', m.version('trl'), f'device {device} ({device.reason})')`;
const SDK = `import importlib.metadata as m; print(m.version('temporalio'))`;

/** Programs and libraries of an installation, with their versions. */
export async function programFindings(env: Environment): Promise<readonly Finding[]> {
  const python = join(env.venv, 'bin', 'python');
  const temporal = findTemporal(env);
  return [
    atLeast('Node', process.versions.node, OLDEST.node, 'Install a newer one from https://nodejs.org.'),
    isThere('build', join(env.root, 'dist/workflow-bundle.js'), 'Run `npm run build`.'),
    await pythonFinding(python),
    isThere('GPU worker', join(env.venv, 'bin/lamdagent-gpu-worker'), SETUP),
    await answers('training libraries', python, ['-c', TRAINING], SETUP),
    await sdkFinding(python),
    temporal === null
      ? {
          check: 'Temporal program',
          ok: false,
          found: 'none on PATH or in the Python environment',
          fix: SETUP,
        }
      : await answers(
          'Temporal program',
          temporal,
          ['--version'],
          'Install it anew: https://docs.temporal.io/cli.',
        ),
  ];
}

/** Of `20.19.4` and `20.19`: whether the first is as new. Only numbers before the first other sign count. */
export function isAtLeast(version: string, oldest: string): boolean {
  const numbers = (text: string): readonly number[] =>
    text
      .split(/[^0-9.]/, 1)
      .join('')
      .split('.')
      .map(Number);
  const [have, want] = [numbers(version), numbers(oldest)];
  const index = want.findIndex((number, place) => number !== (have[place] ?? 0));
  return index === -1 || (have[index] ?? 0) > (want[index] ?? 0);
}

function atLeast(check: string, version: string, oldest: string, fix: string): Finding {
  const ok = isAtLeast(version, oldest);
  return { check, ok, found: ok ? version : `${version}, expected ${oldest} or newer`, fix };
}

async function pythonFinding(python: string): Promise<Finding> {
  const found = await answers('Python environment', python, ['--version'], SETUP);
  if (!found.ok) return found;
  const version = found.found.replace(/^Python /, '');
  const fix = `Remove ${join(python, '../..')}, set PYTHON to a newer Python and run \`npm run setup\`.`;
  return atLeast('Python environment', version, OLDEST.python, fix);
}

/** The two SDKs that talk to the service. */
async function sdkFinding(python: string): Promise<Finding> {
  const manifest = createRequire(import.meta.url)('@temporalio/client/package.json') as { version: string };
  const found = await answers('Temporal SDKs', python, ['-c', SDK], SETUP);
  return { ...found, found: `TypeScript ${manifest.version}, Python ${found.found}` };
}

function isThere(check: string, file: string, fix: string): Finding {
  const ok = existsSync(file);
  return { check, ok, found: ok ? file : `no ${file}`, fix };
}

/** The last line that the program says; a fault when it fails. */
export async function answers(
  check: string,
  program: string,
  args: readonly string[],
  fix: string,
): Promise<Finding> {
  try {
    const { stdout, stderr } = await run(program, args, { timeout: ANSWER_MS, env: childEnvironment({}) });
    return { check, ok: true, found: lastLine(stdout || stderr), fix };
  } catch (error) {
    return { check, ok: false, found: lastLine(messageOf(error)), fix };
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
