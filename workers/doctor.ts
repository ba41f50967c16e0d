import { execFile } from 'node:child_process';
import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canConnect } from './connect.js';
import { childEnvironment, type Environment } from './env.js';
import { messageOf } from './fault.js';
import { homeAt } from './home.js';
import { serviceFindings } from './serviceDoctor.js';
import { storeFinding } from './storeDoctor.js';
import { workerFindings } from './workerDoctor.js';
import { findTemporal, readServerAddress } from './temporalServer.js';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do when it isn't ok. */
  readonly fix: string;
}

const LEAST_FREE_BYTES = 2 * 2 ** 30;
const run = promisify(execFile);

/**
 * Looks at everything that an exploration needs. Changes nothing but the (possibly new) home folder and one small record of
 * the store; with `mend` also what the Temporal service lacks.
 */
export async function examine(
  env: Environment,
  { mend = false }: { readonly mend?: boolean } = {},
): Promise<readonly Finding[]> {
  const python = join(env.venv, 'bin', 'python');
  const temporal = findTemporal(env);
  const setup = 'Run `npm run setup`.';
  return [
    { check: 'Node', ok: true, found: process.version, fix: '' },
    isThere('build', join(env.root, 'dist/workflow-bundle.js'), 'Run `npm run build`.'),
    await answers('Python environment', python, ['--version'], setup),
    isThere('GPU worker', join(env.venv, 'bin/lamdagent-gpu-worker'), setup),
    await answers('training libraries', python, ['-c', TRAINING], setup),
    temporal === null
      ? {
          check: 'Temporal program',
          ok: false,
          found: 'none on PATH or in the Python environment',
          fix: setup,
        }
      : await answers(
          'Temporal program',
          temporal,
          ['--version'],
          'Install it anew: https://docs.temporal.io/cli.',
        ),
    await homeFinding(env),
    await storeFinding(env),
    await serverFinding(env),
    ...(await serviceFindings(env, { mend })),
    ...(await workerFindings(env)),
  ];
}

const TRAINING = `
import importlib.metadata as m
from lamdagent_gpu.device_probe import choose
device = choose('auto')
print('torch', m.version('torch'), 'transformers', m.version('transformers'), 'trl', m.version('trl'), f'device {device} ({device.reason})')`;

function isThere(check: string, file: string, fix: string): Finding {
  const ok = existsSync(file);
  return { check, ok, found: ok ? file : `no ${file}`, fix };
}

async function answers(
  check: string,
  program: string,
  args: readonly string[],
  fix: string,
): Promise<Finding> {
  try {
    const { stdout, stderr } = await run(program, args, { timeout: 60_000, env: childEnvironment({}) });
    return { check, ok: true, found: (stdout || stderr).trim().split('\n').at(-1) ?? '', fix };
  } catch (error) {
    return { check, ok: false, found: messageOf(error).trim().split('\n').at(-1) ?? '', fix };
  }
}

async function homeFinding({ home }: Environment): Promise<Finding> {
  const check = 'LAMDAGENT_HOME';
  try {
    await mkdir(home, { recursive: true });
    await access(home, constants.W_OK);
    const { bavail, bsize } = await statfs(home);
    const free = `${((bavail * bsize) / 2 ** 30).toFixed(1)} GiB free`;
    return {
      check,
      ok: bavail * bsize >= LEAST_FREE_BYTES,
      found: `${home}, ${free}`,
      fix: 'Free at least 2 GiB, or set LAMDAGENT_HOME.',
    };
  } catch (error) {
    return {
      check,
      ok: false,
      found: messageOf(error),
      fix: 'Set LAMDAGENT_HOME to a folder you may write to.',
    };
  }
}

/** Not running is no fault: reading commands do without, `up` and `quickstart` bring their own. */
async function serverFinding(env: Environment): Promise<Finding> {
  const server = readServerAddress(homeAt(env.home));
  const runs = server !== null && (await canConnect(server.address, 1500));
  return {
    check: 'embedded server',
    ok: true,
    found: runs ? `runs; Web UI ${server.webUi}` : 'not running',
    fix: '',
  };
}
