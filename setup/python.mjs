// The Python that the virtual environment is made from.
import { collected } from './command.mjs';
import { SetupFault } from './progress.mjs';

const OLDEST = [3, 10];
const NAMES = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.14'];
const QUESTION = 'import sys; print("%d.%d" % sys.version_info[:2])';

/** The program to call: $PYTHON, else the first on PATH that is new enough. */
export async function findPython(env = process.env) {
  const named = env.PYTHON;
  const tried = [];
  for (const program of named ? [named] : NAMES) {
    const version = await versionOf(program, env);
    if (version !== null && isNewEnough(version)) return program;
    tried.push(`${program}: ${version ?? 'not found'}`);
  }
  throw new SetupFault(
    `Python: expected ${OLDEST.join('.')} or newer ${named ? 'as $PYTHON names it' : 'on PATH'}, got ${tried.join(', ')}. ` +
      'Install it (Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python) or set PYTHON=/path/to/python3.',
  );
}

async function versionOf(program, env) {
  const { code, output } = await collected(program, ['-c', QUESTION], { env: { PATH: env.PATH } });
  return code === 0 ? output.trim().split('\n').at(-1) : null;
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
